"""What a pipeline makes of a bucket's objects, stored: as objects, or in shards for reading in sequence.

Read it in this order: `job`, what is to be done; `listing` and `todo`, as which tasks; `work`, which does
one with `reading` and `storing`, and with `shards` and `webdataset` or `parquet` where copies are kept
together; then `engines`, which differ in where tasks are done, and in nothing else. What was done is never
done again: what is stored tells what it was made of, so that a run goes on where another was killed.
"""
