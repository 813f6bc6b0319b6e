"""One reader per way in: access point, Function URL, Invoke, local folder."""
