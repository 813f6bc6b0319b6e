"""What a step is: a name and checked arguments, and how these are written on one line."""
