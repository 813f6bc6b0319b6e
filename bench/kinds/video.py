"""``python -m bench.kinds.video``: reading eight frames of a minute of video, and decoding all of it.

The clips are generated: 60 s of 1280×720 at 30 frames per second, in scenes of 5 s that pan over
photographs with camera grain, as H.264 of 3 Mbit/s by x264 (veryfast). Key frames are every second, as
in phone recordings, every 2 s, as in streaming services, or where x264 places them: at cuts and after
250 frames. Both ways return the same tensor, which is compared, and run in turn on one thread. The bytes
are those requested from the source. Writes docs/video-bench.json; ``--quick`` runs fewer rounds and only
prints. It needs the environment of the tests, and takes seven minutes.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import time
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from PIL import Image

from bench.environment import ROOT, occasion
from jitprep.cli.demo_data.photos import photographs
from preprocessing import Pipeline

if TYPE_CHECKING:
    from collections.abc import Mapping

SPEC = "sample_frames:8/resize:224,224/npy"
COUNT, FPS, SECONDS, HEIGHT, WIDTH = 8, 30, 60, 720, 1280
GOPS = {
    "a key frame every second": {"g": "30", "sc_threshold": "0"},
    "a key frame every 2 s": {"g": "60", "sc_threshold": "0"},
    "key frames as x264 places them": {"g": "250"},
}
DATA = ROOT / "docs/video-bench.json"
_SCENE, _GRAIN, _BIT_RATE = 150, 4.0, 3_000_000
_ONE_THREAD = "OPENBLAS_NUM_THREADS"
_ROUNDS, _QUICK = 7, 2
_MEASURED = ("preprocessing", "bench/kinds/video.py")


class Counting(io.FileIO):
    """A file that counts the bytes read from it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.size = path.stat().st_size
        self.bytes_read = self.reads = 0

    def readinto(self, buffer: Any) -> int:
        """Read and count."""
        got = super().readinto(buffer) or 0
        self.bytes_read += got
        self.reads += 1
        return got

    def read(self, size: int = -1) -> bytes:
        """Read and count."""
        data = super().read(size) or b""
        self.bytes_read += len(data)
        self.reads += 1
        return data

    def read_at(self, start: int, length: int) -> bytes:
        """Read a piece and count it."""
        self.seek(start)
        return self.read(length)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.kinds.video", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds; print only")
    options = parser.parse_args()
    if os.environ.get(_ONE_THREAD) != "1":  # OpenBLAS reads it when it is loaded
        again = [sys.executable, "-m", "bench.kinds.video", *sys.argv[1:]]
        os.execve(sys.executable, again, {**os.environ, _ONE_THREAD: "1"})  # noqa: S606
    result = measure(_QUICK if options.quick else _ROUNDS)
    print(json.dumps(result, indent=1, ensure_ascii=False))
    if not options.quick:
        DATA.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")


def measure(rounds: int) -> dict[str, Any]:
    """Make the clips and measure both ways on each."""
    with TemporaryDirectory() as folder:
        clips = {}
        for name, gop in GOPS.items():
            path = Path(folder, "clip.mp4")
            write(path, gop)
            clips[name] = _compare(path, rounds)
    return {
        "made": {
            **occasion(*_MEASURED),
            "pyav": version("av"),
            "rounds": rounds,
            "spec": SPEC,
            "clip": f"{SECONDS} s of {WIDTH}×{HEIGHT} at {FPS} frames a second, H.264 of 3 Mbit/s",
        },
        "clips": clips,
    }


def write(path: Path, gop: Mapping[str, str]) -> None:
    """Write a clip with x264 options for the position of key frames."""
    height, width = HEIGHT * 5 // 4, WIDTH * 5 // 4
    scenes = [
        np.asarray(Image.open(io.BytesIO(body)).convert("RGB").resize((width, height)), np.int16)
        for body in photographs().values()
    ]
    grain = np.random.default_rng(0).normal(0, _GRAIN, (height, width, 1)).astype(np.int16)
    with av.open(str(path), "w") as container:
        track = container.add_stream("libx264", FPS, options={"preset": "veryfast", **gop})
        track.height, track.width, track.pix_fmt = HEIGHT, WIDTH, "yuv420p"
        track.bit_rate = _BIT_RATE
        for number in range(SECONDS * FPS):
            scene, step = divmod(number, _SCENE)
            top, left = ((size // 5) * step // _SCENE for size in (height, width))
            view = scenes[scene % len(scenes)][top : top + HEIGHT, left : left + WIDTH]
            noise = np.roll(grain, (number * 37, number * 101), (0, 1))[:HEIGHT, :WIDTH]
            pixels = np.clip(view + noise, 0, 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = number
            container.mux(track.encode(frame))
        container.mux(track.encode(None))


def by_jitprep(path: Path) -> tuple[np.ndarray, Counting]:
    """Read the frames and decode no more than they need."""
    with Counting(path) as source:
        return Pipeline.parse(SPEC)(source), source


def by_pyav(path: Path) -> tuple[np.ndarray, Counting]:
    """Decode all frames with PyAV and keep the one in the middle of each span."""
    resize = Pipeline.parse("resize:224,224/npy")
    kept: list[np.ndarray] = []
    with Counting(path) as source, av.open(source) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        length = stream.duration * stream.time_base
        last = None
        for frame in container.decode(stream):
            while (
                last is not None
                and len(kept) < COUNT
                and frame.pts * stream.time_base > length * Fraction(2 * len(kept) + 1, 2 * COUNT)
            ):
                kept.append(resize(last.to_ndarray(format="rgb24", threads=1)))
            last = frame
    return np.stack(kept), source


def _compare(path: Path, rounds: int) -> dict[str, Any]:
    ways = {"jitprep": by_jitprep, "PyAV, all frames": by_pyav}
    spent: dict[str, list[float]] = {name: [] for name in ways}
    told: dict[str, Counting] = {}
    expected = None
    for _ in range(rounds):
        for name, way in ways.items():
            start = time.perf_counter()
            made, told[name] = way(path)
            spent[name].append((time.perf_counter() - start) * 1000)
            expected = made if expected is None else expected
            np.testing.assert_array_equal(made, expected, err_msg=name)
    measured = {
        name: {
            "ms": round(median(times), 1),
            "least": round(min(times), 1),
            "bytes": told[name].bytes_read,
            "reads": told[name].reads,
        }
        for name, times in spent.items()
    }
    fast, slow = measured.values()
    return {
        "bytes": path.stat().st_size,
        "ways": measured,
        "times as fast": round(slow["ms"] / fast["ms"], 1),
        "times fewer bytes": round(slow["bytes"] / fast["bytes"], 1),
    }


if __name__ == "__main__":
    main()
