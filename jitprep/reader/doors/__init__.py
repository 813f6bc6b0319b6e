"""One reader per door: access point, Function URL, Invoke, store, local folder."""
