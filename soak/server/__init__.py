"""The server under load and faults: two workers, killed, drained and crowded, on an S3 that fails.

Start with `phases`, which lists what is done in order. `stage` holds the running server. `material` says
what each read must return; `visitors` are the clients that read, `crowd` those that only take up
connections, and `draining` those that read while the server is stopped.
"""
