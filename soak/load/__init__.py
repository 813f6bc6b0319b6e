"""The clients of the soak, well-behaved or not."""
