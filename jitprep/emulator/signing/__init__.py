"""Signature Version 4: read, and verified."""
