"""Sound, text and video beside their peers."""
