"""Benchmarks of jitprep beside other libraries: ``make bench``, or ``python -m bench``.

Start with `__main__`. `environment` makes conditions equal, `photos` and `cases` define the images and
the pipelines, and `peers` has one module per library. `field` checks each answer against `reference` and
times it with `timing`. `threads`, `children` and `accuracy` measure the rest, `figures` judges the
result, and `report` and `plot` show it.
"""
