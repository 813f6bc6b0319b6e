"""Test under load and faults: each read must return the right bytes or a documented error.

``python -m soak`` (`make soak`) starts the endpoint with two real workers on an S3 that can fail, and
reads photographs through it as clients do; then it does so with the server, in `soak.server`. Start with
`__main__` and `phases`, which lists what is done in order. `stage` holds the running processes.
`material`, `load.reads` and `load.clients` make the requests and judge the answers. `faults` and
`faulty_s3` make S3 fail; `workers` watches and kills workers; `load.disconnects`, `mutants`,
`load.events` and `load.token_replay` are other kinds of abuse. `rows` holds the results, `laws` judges
them and `report` prints them.
"""
