"""The bill of each way to prepare samples."""
