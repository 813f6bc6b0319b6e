"""What commands report of their work."""
