"""Fuzzing by coverage: `decode` takes any bytes for an image, `spec` any text for a pipeline.

``python -m fuzz decode`` and ``python -m fuzz spec`` run until they are stopped, or as long as libFuzzer
is told to (``-max_total_time=30``); `make fuzz` runs each for a bounded time. They begin with real files
and real specs, and leave a finding in build/fuzz.
"""
