"""`jitprep simulate` beside measurements of the local endpoint and of the server."""
