"""Measurement of a loader: the run, its processes, the stages of single samples, and what limits it."""
