"""Transforms of text, tokenization included."""
