"""Limit of one computing thread per process."""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress
from functools import partial
from pathlib import Path

_VARIABLES = ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM", "NUMEXPR")
_MAPS = Path("/proc/self/maps")
# NumPy's wheels have a prefix and a suffix, a distribution's packages may have neither.
_SETTERS = (
    "scipy_openblas_set_num_threads64_",
    "scipy_openblas_set_num_threads",
    "openblas_set_num_threads64_",
    "openblas_set_num_threads",
    "MKL_Set_Num_Threads",
)


def use_one_thread() -> None:
    """Let BLAS compute in the calling thread only.

    Libraries that are loaded later read the environment. Those that are loaded already, as in a forked
    process, have a function for it.
    """
    os.environ.update({f"{name}_NUM_THREADS": "1" for name in _VARIABLES})
    for path in _loaded():
        with suppress(OSError):  # its file was replaced since
            library = ctypes.CDLL(path, os.RTLD_NOLOAD | os.RTLD_LAZY)
            for name in filter(partial(hasattr, library), _SETTERS):
                getattr(library, name)(ctypes.c_int(1))


def _loaded() -> set[str]:
    """Return the paths of the BLAS libraries in this process; none where /proc does not list them."""
    if not _MAPS.exists():
        return set()
    paths = {line.split(maxsplit=5)[-1] for line in _MAPS.read_text().splitlines() if "/" in line}
    return {path for path in paths if "openblas" in path or "mkl_rt" in path}
