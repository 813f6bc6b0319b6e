"""The functions that an endpoint runs, and the processes that run them."""
