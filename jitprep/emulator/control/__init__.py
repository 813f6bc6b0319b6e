"""S3 Control's calls for Object Lambda access points."""
