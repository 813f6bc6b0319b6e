"""Responses that functions stream, and the encodings that callers get them in."""
