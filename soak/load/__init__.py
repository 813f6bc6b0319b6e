"""Who reads while the soak runs, well-behaved or not."""
