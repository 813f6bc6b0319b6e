"""Shards: archives of samples that are transformed while they are sent."""
