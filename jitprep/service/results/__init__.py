"""The derived object: its identity, its metadata, and where copies of it are kept."""
