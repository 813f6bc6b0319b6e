"""What input pipelines deliver to a trainer: images per second, and CPU time per image.

`rows` lists the pipelines. A row names a function, in a module of its own where it needs libraries of
its own, which is given a `Workload` and makes epochs of batches. To add one, write that function and its
line in `rows`.
"""
