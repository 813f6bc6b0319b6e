"""The `jitprep` command: one module per command."""
