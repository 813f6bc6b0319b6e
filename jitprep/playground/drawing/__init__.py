"""What can be seen of a source or a result, by kind."""
