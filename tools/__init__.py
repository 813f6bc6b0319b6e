"""Scripts that write pages and tables, and one that checks quotas."""
