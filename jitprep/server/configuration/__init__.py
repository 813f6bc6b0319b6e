"""What the server serves: mounts, keys and settings, read from ``jitprep.toml``."""
