"""S3 Batch Operations."""
