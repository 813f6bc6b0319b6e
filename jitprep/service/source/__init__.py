"""The original: where it is, how it is signed for, and how it is read."""
