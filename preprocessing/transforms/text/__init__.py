"""The transforms of text, and those that make tokens of it."""
