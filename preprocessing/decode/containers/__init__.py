"""Containers that hold tracks: MP4, Matroska and their kin."""
