"""Coverage-guided fuzzing: any bytes give a planned result, or one of the library's errors.

There is one module per target: `decode` reads images, `sound`, `video` and `text` the other kinds,
`tables` manifests in Parquet and CSV, and `spec` any text as a pipeline. ``python -m fuzz decode`` runs
until it is stopped, or for the time given to libFuzzer (``-max_total_time=30``). `make fuzz` runs each
for a bounded time. The seeds are real files and specs; findings are written to build/fuzz.
"""
