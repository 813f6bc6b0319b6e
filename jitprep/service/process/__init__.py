"""What belongs to one process."""
