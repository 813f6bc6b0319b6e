"""What a pipeline makes of a bucket's objects, stored: as objects, or in shards for reading in sequence.

To follow a run, read `job`, what is to be done; `listing` and `todo`, as which tasks; `work`, which does
one with `reading` and `storing`, and with `shards` and `webdataset` or `parquet` where copies are kept
together; then `engines`, which differ only in where tasks are done. What was done is never done again:
what is stored tells what it was made of, so that a run goes on where another was killed.
"""
