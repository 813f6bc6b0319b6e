"""Local files: which ones `jitprep run` reads, and how it writes results."""
