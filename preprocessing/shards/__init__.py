"""Shards: tar archives of samples in WebDataset's layout, read and written as streams.

To follow ``ShardPipeline.encode(shard)``, read ``shard_pipeline.py``, ``samples.py``, ``tar_reader.py``
and ``tar_headers.py``; ``tar_writer.py`` writes what was made.
"""
