"""The `jitprep` command: one module a command."""
