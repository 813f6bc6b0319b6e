"""Step module that counts the CPU time of transforms: a measured door names it in JITPREP_STEPS.

Each process writes its total to a file of its own in the folder that ``BENCH_COUNTS`` names.
"""

from __future__ import annotations

import os
import struct
import time
from pathlib import Path
from typing import Any

from preprocessing import Pipeline, Step

_FILES = os.open(Path(os.environ["BENCH_COUNTS"], str(os.getpid())), os.O_CREAT | os.O_RDWR)
_encode = Pipeline.encode
_total = 0.0


class Counted(Step):
    """Step that does nothing: a module of steps must have one."""

    version = 1
    random = False

    def apply(self, array: Any, rng: Any) -> Any:  # noqa: ARG002  the base has it
        """Return the array."""
        return array


def encode(self: Pipeline, *args: Any, **options: Any) -> Any:
    """Encode as the pipeline does, and add the CPU time of this thread."""
    global _total  # noqa: PLW0603  of the process
    start = time.thread_time()
    try:
        return _encode(self, *args, **options)
    finally:
        _total += time.thread_time() - start
        os.pwrite(_FILES, struct.pack("d", _total), 0)


Pipeline.encode = encode  # type: ignore[method-assign]
