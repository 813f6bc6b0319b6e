"""AWS clients, HTTP, listings, retries and errors, which the doors share."""
