"""Parsing and verification of Signature Version 4."""
