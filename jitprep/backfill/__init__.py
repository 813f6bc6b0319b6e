"""Backfill: run a pipeline over a bucket, and store the results as objects or in shards.

A run is a `job`. `listing` and `planning` split it into `tasks`, and `tables` where the originals are
rows. `worker` does a task with `reading` and `storage`, and with `shards` and `shard_writers` where
results are stored together. The `engines` differ only in where tasks run. Each copy records what it was
made of, so that a run resumes an earlier one and repeats nothing.
"""
