"""Bytes to sound."""
