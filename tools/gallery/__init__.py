"""The gallery of steps: each transform and encoding before and after, on the demo's objects."""
