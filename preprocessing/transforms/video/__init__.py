"""Transforms that select frames of a video, before any is decoded."""
