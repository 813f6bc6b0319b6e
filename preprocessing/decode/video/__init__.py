"""Video decoding: bytes to frames, by FFmpeg through PyAV."""
