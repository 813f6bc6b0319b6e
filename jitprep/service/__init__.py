"""One object read and transformed, whatever carries the request."""
