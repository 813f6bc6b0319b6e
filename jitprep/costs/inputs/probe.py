"""Probe process: it runs samples and measures itself, JSON in and out."""

from __future__ import annotations

import importlib
import json
import math
import sys
import time
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, Any

from preprocessing import Pipeline, PreprocessingError

if TYPE_CHECKING:
    from jitprep.service.source.original import Tries
    from jitprep.service.source.response_heads import ObjectHead

# A sample is run until one of these is reached, and at least three times.
_TURNS, _SECONDS = 15, 1.0
_STATUS = Path("/proc/self/status")


def main() -> None:
    """Measure the samples named on standard input. An error is the last line of standard error."""
    asked = json.load(sys.stdin)
    if not _STATUS.exists():
        sys.exit(
            "the memory of a process is measured on Linux only; run the command there, or in a container"
        )
    for module in asked["preload"]:
        importlib.import_module(module)
    pipeline = Pipeline.parse(asked["pipeline"])
    base = _mib("VmRSS")
    samples = [_sample(pipeline, path) for path in asked["samples"]]
    peak = _mib("VmHWM")
    # Afterwards, because the service's modules take memory too.
    for sample, path in zip(samples, asked["samples"], strict=True):
        sample["gets"], sample["range_bytes"] = count_requests(pipeline, Path(path).read_bytes())
    json.dump({"base_mb": base, "peak_mb": peak, "samples": samples}, sys.stdout)


def _sample(pipeline: Pipeline, path: str) -> dict[str, Any]:
    """Return the sizes of one sample, and the CPU time of each run in milliseconds."""
    try:
        if not S_ISREG(Path(path).stat().st_mode):  # a pipe may never end, and is read once
            sys.exit(f"{path} is not a file; name files like those of the data set")
        data = Path(path).read_bytes()
        body = pipeline.encode(data).body  # warm up: kernels build their weights once
    except OSError as error:
        sys.exit(f"{path}: {error.strerror or error}")
    except PreprocessingError as error:
        sys.exit(f"{path}: {error}".replace("\n", " "))
    times: list[float] = []
    late = time.monotonic() + _SECONDS
    while len(times) < 3 or (len(times) < _TURNS and time.monotonic() < late):
        start = time.process_time()  # CPU time, which other processes do not affect
        pipeline.encode(data, seed=len(times))
        times.append((time.process_time() - start) * 1000)
    return {"bytes_in": len(data), "bytes_out": len(body), "ms": times}


def count_requests(pipeline: Pipeline, data: bytes) -> tuple[int, int]:
    """Return the requests that the service sends to S3 to read an object, and the bytes they read.

    Parameters
    ----------
    pipeline : Pipeline
    data : bytes
        The object, which answers the requests from memory.

    Returns
    -------
    int, int
        One request for all bytes, unless the pipeline seeks.

    Raises
    ------
    PreprocessingError
    """
    if not pipeline.seeks:
        return 1, len(data)
    from jitprep.service.deadline import Deadline  # noqa: PLC0415  for videos
    from jitprep.service.source.ranged_source import begin_ranges  # noqa: PLC0415  as above
    from jitprep.service.source.response_heads import ObjectHead  # noqa: PLC0415  as above

    head = ObjectHead('"sample"', None, None, len(data), None, {})
    sizes: list[int] = []

    def read_part(
        start: int,
        stop: int,
        tries: Tries,  # noqa: ARG001  nothing fails
        before: ObjectHead | None,  # noqa: ARG001  nothing changes
    ) -> tuple[ObjectHead, bytes]:
        part = data[start:stop]
        sizes.append(len(part))
        return head, part

    ranges = begin_ranges(read_part, Deadline(math.inf))
    assert ranges is not None  # a sample that ran is not empty
    pipeline.encode(ranges)
    return len(sizes), sum(sizes)


def _mib(key: str) -> float:
    lines = _STATUS.read_text(encoding="ascii", errors="replace").splitlines()
    (kib,) = (int(line.split()[1]) for line in lines if line.startswith(f"{key}:"))
    return kib / 1024


if __name__ == "__main__":
    main()
