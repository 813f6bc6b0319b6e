"""Audio decoding: bytes to samples, by libsndfile and, for containers, by FFmpeg."""
