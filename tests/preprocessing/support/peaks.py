"""Peak memory of random pipelines on extreme sizes, compared with the limit.

``python -m tests.preprocessing.support.peaks COUNT SEED`` writes a JSON object: the numbers of pipelines
accepted, refused and cancelled; those whose peak exceeded the plan or the limit by more than is allowed;
and those that ended late. It runs in its own process, because peak resident memory is per process.
"""

from __future__ import annotations

import collections
import ctypes
import gc
import io
import json
import struct
import sys
import threading
import time
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st

from preprocessing import (
    HOG,
    CenterCrop,
    DenoiseBilateral,
    Encoding,
    GaussianBlur,
    IncompatibleSource,
    LimitExceeded,
    Limits,
    LogMel,
    Media,
    MelSpectrogram,
    Npy,
    Pad,
    PadOrTrim,
    Pipeline,
    Resize,
    Rotate,
    Safetensors,
    SpecError,
    Spectrogram,
    UnsharpMask,
    Views,
)
from preprocessing import Resample as ResampleSound
from preprocessing.cancellation import Cancelled, Signal, cancellable

from .. import strategies
from ..strategies.common import INTERPOLATIONS, PAD_MODES

ALLOWED = 64 * 2**20
SECONDS = 0.3
# Seconds allowed to end, on a machine that is busy with other tests.
LATE_S = 3.0
# Returns memory to the system between two pipelines, if the C library can.
_trim = getattr(ctypes.CDLL(None), "malloc_trim", lambda _: 0)

_far = st.integers(1, 9000)
_hostile = st.one_of(
    st.builds(Resize, _far | st.tuples(_far, _far), st.sampled_from(INTERPOLATIONS)),
    st.builds(Pad, st.integers(1, 3000), st.just(0.0), st.sampled_from(PAD_MODES)),
    st.builds(CenterCrop, _far),
    st.builds(Rotate, st.floats(0, 360), st.sampled_from(("nearest", "bilinear")), st.booleans()),
    st.builds(GaussianBlur, st.sampled_from((5, 101, 1001)), st.floats(0.1, 90)),
    st.builds(HOG, st.integers(1, 16), st.just(8), st.integers(1, 4)),
    st.builds(DenoiseBilateral, st.sampled_from((3, 99))),
    st.builds(UnsharpMask, st.floats(0, 100)),
)
_hostile_sound = st.one_of(
    st.builds(ResampleSound, st.integers(1, 768_000), st.sampled_from(("QQ", "LQ", "HQ", "VHQ"))),
    st.builds(PadOrTrim, st.floats(0.01, 900)),
)
_makers = st.one_of(
    st.builds(Spectrogram, st.integers(2, 65_536), st.none(), st.none() | st.integers(1, 400)),
    st.builds(MelSpectrogram, st.integers(64, 65_536), st.none(), st.none() | st.integers(8, 400)),
    *(st.one_of(strategies.TRANSFORMS_BY_NAME[name]) for name in ("mfcc", "log_mel")),
    st.builds(LogMel, st.just("librosa")),
)
_masks = st.one_of(*(strategies.TRANSFORMS_BY_NAME[name] for name in ("time_mask", "freq_mask")))
_stretches = st.one_of(
    *(strategies.TRANSFORMS_BY_NAME[name] for name in ("stretch", "time_stretch"))
)


@st.composite
def _images(draw: st.DrawFn) -> tuple[Pipeline, Any]:
    steps = draw(st.lists(_hostile | strategies.transforms, max_size=4))
    encoding = draw(strategies.encodings)
    if draw(st.integers(0, 3)) == 0:
        keys = draw(st.sampled_from(("a", "ab")))
        for key in keys:
            steps.append(Views(draw(st.integers(1, 40)), key if len(keys) > 1 else ""))
            steps += draw(st.lists(_hostile | strategies.transforms, max_size=2))
        encoding = Safetensors(draw(st.sampled_from(("chw", "hwc"))))
    pipeline = _pipeline(steps, encoding, draw(st.booleans()))
    area = 2 ** draw(st.floats(12, 23))
    height = max(1, min(30_000, int(area ** draw(st.floats(0, 1)))))
    width = max(1, min(30_000, int(area / height)))
    if draw(st.booleans()):
        return pipeline, _png(height, width, draw(st.sampled_from((1, 3))))
    kind = draw(st.sampled_from(("uint8", "uint8", "uint16", "float16", "float32")))
    noise = np.random.default_rng(draw(st.integers(0, 99))).random((64, width, 3), np.float32)
    top = np.iinfo(kind).max if kind.startswith("u") else 1
    rows = (noise * top).astype(kind)[..., : draw(st.sampled_from((1, 3)))]
    return pipeline, np.resize(rows, (height, *rows.shape[1:]))


@st.composite
def _sounds(draw: st.DrawFn) -> tuple[Pipeline, Any]:
    steps = draw(st.lists(_hostile_sound | _stretches | strategies.sound_transforms, max_size=3))
    encoding = draw(strategies.sound_encodings)
    if draw(st.booleans()):
        steps += [draw(_makers), *draw(st.lists(_masks, max_size=1))]
        encoding = Npy()
    pipeline = _pipeline(steps, encoding, False, "audio")
    channels, samples = draw(st.integers(1, 3)), int(2 ** draw(st.floats(10, 23)))
    rate = draw(st.sampled_from((4_000, 16_000, 44_100, 192_000, 768_000)))
    sound = np.random.default_rng(1).random((channels, samples), np.float32) - np.float32(0.5)
    if draw(st.booleans()):
        return pipeline, Media(sound, "audio", rate)
    file = io.BytesIO()
    soundfile.write(file, sound.T, rate, "PCM_16", format="WAV")
    return pipeline, file.getvalue()


def _pipeline(
    steps: list[Any], encoding: Encoding, exact: bool, kind: str | None = None
) -> Pipeline:
    try:
        return Pipeline(steps, encoding, exact=exact, kind=kind)  # type: ignore[arg-type]
    except SpecError:
        assume(False)
        raise


def _png(height: int, width: int, channels: int) -> bytes:
    """Return a picture of stripes, whose file is small at any size."""
    line = b"\0" + (b"\x10\xf0\x80" * width)[: width * channels]
    packer = zlib.compressobj(1)
    pixels = b"".join(packer.compress(line) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, {1: 0, 3: 2}[channels], 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def _status(field: str) -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return 1024 * int(status.split(f"{field}:")[1].split()[0])


class Survey:
    """Outcomes of the pipelines."""

    def __init__(self) -> None:
        self.outcomes: collections.Counter[str] = collections.Counter()
        self.above: list[dict[str, Any]] = []
        self.late: list[dict[str, Any]] = []

    def try_one(self, pipeline: Pipeline, source: Any, limits: Limits) -> None:
        gc.collect()
        _trim(0)
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # resets the peak
        before, began, planned = _status("VmHWM"), time.monotonic(), 0
        signal = Signal(began + SECONDS)  # as the service gives up a request
        clock = threading.Timer(SECONDS, signal.cancel)
        clock.start()
        with cancellable(signal):
            try:
                given = len(source) if isinstance(source, bytes) else 0
                planned = given + pipeline.plan(source, limits=limits).holds
                pipeline.encode(source, limits=limits)
                outcome = "accepted"
            except (LimitExceeded, IncompatibleSource, SpecError) as error:
                outcome = type(error).__name__
            except Cancelled:
                outcome = "given up"
        clock.cancel()
        took, held = time.monotonic() - began, _status("VmHWM") - before
        self.outcomes[outcome] += 1
        array = getattr(source, "array", source)
        found = {
            "pipeline": str(pipeline),
            "source": str(getattr(array, "shape", "")) or f"{len(array)} bytes",
            "outcome": outcome,
            "limit": limits.memory >> 20,
            "planned": planned >> 20,
            "held": held >> 20,
            "seconds": round(took, 2),
        }
        if held > min(limits.memory, planned) + ALLOWED:
            self.above.append(found)
        if took > SECONDS + LATE_S:
            self.late.append(found)


def survey(count: int, number: int) -> Survey:
    """Run random pipelines."""
    found = Survey()

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(_images() | _images() | _sounds(), st.integers(16, 192) | st.integers(16, 24))
    def run(given_: tuple[Pipeline, Any], megabytes: int) -> None:
        found.try_one(*given_, Limits(memory=megabytes * 2**20))

    run()
    return found


if __name__ == "__main__":
    warm = np.zeros((40, 40, 3), np.uint8)
    for spec in (
        "clahe/canny/npy",
        "hog/npy",
        "denoise_tv/unsharp_mask/webp",
        "equalize_hist/jpeg",
    ):
        Pipeline.parse(spec).encode(warm)  # so that imports are not counted
    Pipeline.parse("resample:8000/flac").encode(
        Media(np.zeros((1, 999), np.float32), "audio", 16_000)
    )
    gc.collect()
    gc.freeze()  # keep imported objects out of garbage collection, which would take a third of the time
    result = survey(int(sys.argv[1]), int(sys.argv[2]))
    sys.stdout.write(json.dumps(vars(result)))
