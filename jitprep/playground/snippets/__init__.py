"""What the page offers to copy: a pipeline as production spells it, and commands that run."""
