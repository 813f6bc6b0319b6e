"""Parsers of containers that hold several tracks: MP4, QuickTime, Matroska and WebM."""
