"""AWS's hosts, and the one request of S3 Object Lambda, without AWS's SDK."""
