"""Transforms of sound and of spectrograms."""
