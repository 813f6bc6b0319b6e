"""The memory available in this process for processing one object."""

from __future__ import annotations

import os
import re

# What the process takes besides the object: 70 MiB for Python, NumPy and the handler, 60 for
# scikit-image and SciPy, 20 for FFmpeg and the sound libraries (resident, measured on Linux x86-64), and
# 42 for threads.
PROCESS_BYTES = 192 * 2**20
# Used if neither a setting nor the system has a limit.
FALLBACK_BYTES = 2 * 2**30

_SIZE = re.compile(r"(\d+)\s*([kmg]i?)?b?", re.IGNORECASE | re.ASCII)
_UNITS = {
    "": 1,
    "k": 10**3,
    "m": 10**6,
    "g": 10**9,
    "ki": 2**10,
    "mi": 2**20,
    "gi": 2**30,
}
_CGROUPS = "/sys/fs/cgroup"


def memory() -> int:
    """Return the default of `Limits.memory`, in bytes.

    This is ``JITPREP_MEMORY`` if it is set: bytes, or a number with a unit such as ``1500MB`` or
    ``2GiB``. Otherwise it is this process's share of the memory of the Lambda function or the cgroup
    (container), whichever is less, without what the process itself needs, but at least a quarter; or
    else 2 GiB.

    Raises
    ------
    ValueError
        If ``JITPREP_MEMORY`` is not a size.
    """
    if setting := os.environ.get("JITPREP_MEMORY"):
        return parse_size(setting)
    # The lesser of both, because Lambda's emulator claims 3,008 MB in any container.
    whole = min((size for size in (_function(), _cgroup()) if size), default=None)
    return FALLBACK_BYTES if whole is None else max(whole - PROCESS_BYTES, whole // 4)


def parse_size(text: str, setting: str = "JITPREP_MEMORY") -> int:
    """Return the bytes that a size names. Raises ValueError, which names the setting."""
    found = _SIZE.fullmatch(text.strip())
    size = int(found[1]) * _UNITS[(found[2] or "").lower()] if found else 0
    if not size:
        raise ValueError(f"{setting} must be bytes, or a size such as 1500MB or 2GiB, got {text!r}")
    return size


def _function() -> int | None:
    """Return this process's share of a Lambda function's memory; None outside Lambda.

    The workers of a multi-concurrent function have equal shares.
    """
    size = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "")
    if not size.isdecimal():
        return None
    return int(size) * 2**20 // workers_here()


def workers_here() -> int:
    """Return how many processes share the function's memory and processors, this one included.

    Lambda sets ``AWS_LAMBDA_MAX_CONCURRENCY`` for a multi-concurrent function: it has as many workers.
    """
    workers = os.environ.get("AWS_LAMBDA_MAX_CONCURRENCY", "")
    return max(int(workers) if workers.isdecimal() else 1, 1)


def _cgroup() -> int | None:
    """Return the least limit of this process's cgroup and its parents, version 2 or 1; None for none."""
    found = []
    for line in _read("/proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers:
            root, name = _CGROUPS, "memory.max"
        elif "memory" in controllers.split(","):
            root, name = f"{_CGROUPS}/memory", "memory.limit_in_bytes"
        else:
            continue
        parts = path.strip("/").split("/")
        for depth in range(len(parts) + 1):
            limit = _read("/".join((root, *parts[:depth], name))).strip()
            # Without a limit, version 2 has "max" and version 1 nearly 2**63.
            if limit.isdecimal() and int(limit) < 2**60:
                found.append(int(limit))
    return min(found, default=None)


def _read(path: str) -> str:
    try:
        with open(path) as file:  # noqa: PTH123  pathlib takes 4 ms to import
            return file.read()
    except OSError:
        return ""
