"""Equal conditions: a clean environment and one thread; and a description of the machine."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parent.parent
_STEERING = (
    *("OPENBLAS", "GOTO", "BLAS", "OMP", "KMP", "GOMP", "MKL", "BLIS", "VECLIB", "ATEN", "NPY"),
    *("NUMEXPR", "VIPS", "OPENCV", "TORCH", "PYTORCH", "JSIMD", "MALLOC", "JITPREP", "RAYON"),
)
_SET = {
    "VIPS_CONCURRENCY": "1",  # the only way, because libvips reads it once
    "RAYON_NUM_THREADS": "1",  # as for libvips
    "NO_ALBUMENTATIONS_UPDATE": "1",  # its import must not query PyPI
}


def clean() -> dict[str, str]:
    """Return the environment without the variables that configure libraries."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(_STEERING)}
    return kept | _SET


def enter(arguments: list[str]) -> None:
    """Restart this program in the clean environment, unless it already runs there."""
    wanted = clean()
    if dict(os.environ) != wanted:
        os.execve(sys.executable, [sys.executable, "-m", "bench", *arguments], wanted)  # noqa: S606


def limit_threads() -> None:
    """Limit every loaded library to one thread.

    The limit is set through the libraries and not by OPENBLAS_NUM_THREADS, so that OpenBLAS chooses its
    kernel as it does for a user.
    """
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)
    if "cv2" in sys.modules:
        sys.modules["cv2"].setNumThreads(1)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


def describe(packages: Iterable[str]) -> dict[str, Any]:
    """Describe the measured versions, the machine and the date."""
    from threadpoolctl import threadpool_info

    return {
        **occasion("preprocessing", "bench"),
        "versions": {name: _version(name) for name in sorted(set(packages))},
        # NumPy's OpenBLAS, which jitprep uses; SciPy and OpenCV bring others.
        "openblas": next(
            (
                {key: library[key] for key in ("version", "architecture", "num_threads")}
                for library in threadpool_info()
                if library["internal_api"] == "openblas" and "numpy" in library["filepath"]
            ),
            None,
        ),
    }


def occasion(*measured: str) -> dict[str, Any]:
    """Describe the date, the machine and the commit; `measured` is as for `commit`."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "commit": commit(*measured),
        "machine": machine(),
        "python": platform.python_version(),
    }


def machine() -> dict[str, Any]:
    """Describe the machine."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def commit(*measured: str) -> str:
    """Return the commit, marked if the measured folders differ from it."""

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=ROOT, capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    changed = git("status", "--porcelain", "--", *measured)
    return (git("rev-parse", "--short", "HEAD") or "unknown") + (" and changes" if changed else "")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    """Return the processor's name and its widest vectors, which virtual machines often omit."""
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        return platform.processor() or platform.machine()
    fields = {}
    for line in cpuinfo.read_text().split("\n\n")[0].splitlines():
        key, _, value = line.partition(":")
        fields[key.strip()] = value.strip()
    flags = fields.get("flags", "").split()
    widest = next((name for name in ("avx512f", "avx2", "sse4_2") if name in flags), "")
    name = fields.get("model name", platform.machine())
    family = ", ".join(
        f"{key.removeprefix('cpu ')} {fields[key]}"
        for key in ("cpu family", "model")
        if key in fields
    )
    return ", ".join(filter(None, (name, family, widest)))
