"""Step module that counts the CPU time of transforms: a measured door names it in JITPREP_STEPS.

Each process writes its total to a file of its own in the folder that ``BENCH_COUNTS`` names.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from preprocessing import Pipeline, Step

_FILES = os.open(Path(os.environ["BENCH_COUNTS"], str(os.getpid())), os.O_CREAT | os.O_RDWR)
_total = 0.0


class Counted(Step):
    """Step that does nothing: a module of steps must have one."""

    version = 1
    random = False

    def apply(self, array: Any, rng: Any) -> Any:  # noqa: ARG002  the base has it
        """Return the array."""
        return array


def counted(transform: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that does the same, and adds the CPU time of its thread."""

    def transform_and_count(*args: Any, **options: Any) -> Any:
        global _total  # noqa: PLW0603  of the process
        start = time.thread_time()
        try:
            return transform(*args, **options)
        finally:
            _total += time.thread_time() - start
            os.pwrite(_FILES, struct.pack("d", _total), 0)

    return transform_and_count


# Neither calls the other.
Pipeline.encode = counted(Pipeline.encode)  # type: ignore[method-assign]
Pipeline.__call__ = counted(Pipeline.__call__)  # type: ignore[method-assign]
