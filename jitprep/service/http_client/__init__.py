"""HTTP/1.1 to S3: just what reads of originals and WriteGetObjectResponse need."""
