"""Objects that the demo reads, and the picture that it draws."""
