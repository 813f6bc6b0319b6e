"""S3 Control for Object Lambda access points."""
