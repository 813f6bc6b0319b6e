"""Coverage-guided fuzzing: `decode` reads any bytes as an image, `spec` any text as a pipeline.

``python -m fuzz decode`` and ``python -m fuzz spec`` run until they are stopped, or for the time given
to libFuzzer (``-max_total_time=30``). `make fuzz` runs each for a bounded time. The seeds are real files
and specs; findings are written to build/fuzz.
"""
