"""One reader per door: access point, Function URL, Invoke, local folder."""
