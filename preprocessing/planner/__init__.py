"""From steps to a physical plan, and from the plan to samples."""
