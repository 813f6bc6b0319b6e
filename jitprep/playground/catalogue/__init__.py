"""What the page knows of each step: its arguments, their docs, and how far a slider goes."""
