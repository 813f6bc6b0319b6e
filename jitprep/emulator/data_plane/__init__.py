"""Reads through an Object Lambda access point."""
