"""What the demonstration reads, and the picture that it draws."""
