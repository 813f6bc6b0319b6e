"""Scripts that write pages and tables."""
