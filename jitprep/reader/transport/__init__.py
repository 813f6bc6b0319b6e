"""Clients, listings, retries and errors that the doors share."""
