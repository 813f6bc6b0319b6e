"""The functions that an endpoint runs, and their worker processes and containers."""
