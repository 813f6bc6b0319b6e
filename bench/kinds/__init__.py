"""Benchmarks of audio, text and video beside other libraries."""
