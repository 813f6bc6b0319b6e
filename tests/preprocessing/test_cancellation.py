"""Work that is given up ends within a second, whatever it was doing; in parts it is the same."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest

from preprocessing import Limits, Media, Pipeline
from preprocessing.cancellation import (
    Cancelled,
    Signal,
    cancellable,
    checkpoint,
    current,
    interruptible,
)
from preprocessing.kernels.image import features, pointwise, restoration, strips

from .support.peaks import _png

# Seconds of the processor: a busy machine gives them later, which is not the work's fault.
GRACE = 1.5
LIMITS = Limits(memory=4 * 2**30)
LONG = {
    "hog": "hog/npy",
    "bilateral": "denoise_bilateral:99/npy",
    "total variation": "denoise_tv:max_num_iter=1000,eps=0/npy",
    "blur": "resize:1500/pad:800/blur:1001,sigma=100/npy",
    "sharpening": "unsharp_mask:9/npy",
    "many steps": "/".join(["resize:3000,3000", "resize:2999,2999"] * 9) + "/npy",
    "warp": "/".join(["rotate:10,interpolation=bilinear"] * 9) + "/npy",
    "regions": "clahe:kernel_size=47/npy",
    "png": "/".join(["resize:6000,6000"]) + "/png:compression=small",
}


@pytest.fixture(scope="module", autouse=True)
def imported() -> None:
    """Have the libraries that steps import, which takes seconds on a busy machine."""
    for spec in ("hog/npy", "denoise_tv/npy", "unsharp_mask/npy", "clahe/npy"):
        Pipeline.parse(spec).encode(_noise(99, 99))


def given_up(work: Any, after: float = 0.3) -> float:
    """Cancel the work after a while; return the processor's seconds that it took afterwards."""
    signal, ended = Signal(), [0.0]

    def run() -> None:
        with cancellable(signal), pytest.raises(Cancelled):
            work()
        ended[0] = time.process_time()

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(after)
    signal.cancel()
    cancelled = time.process_time()
    thread.join(20)
    assert ended[0], "it is still at work"
    return ended[0] - cancelled


@pytest.mark.parametrize("name", LONG)
def test_an_image_that_is_given_up_is_gone_soon(name: str) -> None:
    p, image = Pipeline.parse(LONG[name]), _noise(3000, 3000)
    assert given_up(lambda: p.encode(image, limits=LIMITS)) < GRACE


@pytest.mark.parametrize(
    "spec",
    [
        "stretch:0.1/npy",
        "mel_spectrogram:n_fft=16384,hop_length=64,n_mels=40/npy",
        "add_noise:3/flac",
    ],
)
def test_a_sound_that_is_given_up_is_gone_soon(spec: str) -> None:
    sound = Media(np.full((2, 2_000_000), 0.1, np.float32), "audio", 16_000)
    p = Pipeline.parse(spec)
    limits = Limits(memory=2**40)
    assert given_up(lambda: [p.encode(sound, limits=limits) for _ in range(50)]) < GRACE


def test_a_batch_that_is_given_up_is_gone_soon() -> None:
    p, images = Pipeline.parse("denoise_bilateral:31/npy"), [_noise(600, 600)] * 40
    assert given_up(lambda: p.batch(images, threads=2)) < 2 * GRACE


def test_a_batch_that_fails_does_not_do_the_rest() -> None:
    p = Pipeline.parse("denoise_bilateral:31/center_crop:8/npy")
    good, bad = _png(400, 400, 3), _png(400, 400, 3)
    bad = bad[: len(bad) - 40] + bytes(40)
    started = time.process_time()
    with pytest.raises(Exception, match="PNG"):
        p.batch([bad, *[good] * 60], threads=2)
    assert time.process_time() - started < 10 + GRACE


def test_a_signal_has_its_time() -> None:
    checkpoint()
    with cancellable(Signal(time.monotonic() + 60)):
        checkpoint(lasting=30)
        with pytest.raises(Cancelled):
            checkpoint(lasting=90)
        with cancellable(Signal(time.monotonic() - 1)), pytest.raises(Cancelled):
            checkpoint()
        checkpoint()
    assert current() is None


def test_a_long_filter_is_not_begun_without_time_for_it() -> None:
    """libsoxr makes it in one call, which takes a quarter of a minute."""
    sound = Media(np.zeros((1, 400_000), np.float32), "audio", 768_000)
    with cancellable(Signal(time.monotonic() + 5)), pytest.raises(Cancelled):
        Pipeline.parse("resample:1/npy").encode(sound)


def test_foreign_code_is_given_up_and_nothing_after_it() -> None:
    """What was to be raised within is raised nowhere else."""
    for _ in range(50):
        signal, after = Signal(), 0

        def work(signal: Signal = signal) -> None:
            with interruptible():
                while not signal.cancelled:
                    pass

        threading.Timer(0.001, signal.cancel).start()
        with cancellable(signal), pytest.raises(Cancelled):
            work()
        for _ in range(1000):
            after += 1
        assert after == 1000


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", [1, 3])
def test_strips_are_as_the_whole(
    monkeypatch: pytest.MonkeyPatch, dtype: str, channels: int
) -> None:
    image = _noise(207, 130, channels, dtype)
    works = [
        *(lambda a=a: features.hog(image, *a) for a in ((9, 8, 3), (5, 3, 2), (4, 16, 1))),
        *(lambda a=a: restoration.unsharp_mask(image, *a) for a in ((1, 1), (9, -3), (40, 2))),
        *(
            lambda spec=spec: Pipeline.parse(spec)(image)
            for spec in (
                "adjust_gamma:2.2",
                "adjust_brightness:1.3",
                "adjust_contrast:1.3",
                "posterize:3",
                "solarize:0.4",
                "autocontrast",
                "equalize",
                "to_dtype:float16",
                "to_dtype:uint8",
            )
        ),
    ]
    whole = [work() for work in works]
    for module, name in (
        (features, "_STRIP_PIXELS"),
        (restoration, "_STRIP_PIXELS"),
        (strips, "_PIECE_SAMPLES"),
        (strips, "_STRIP_SAMPLES"),
        (pointwise, "_PIECE_PIXELS"),
    ):
        monkeypatch.setattr(module, name, 1000)
    for work, expected in zip(works, whole, strict=True):
        np.testing.assert_array_equal(work(), expected)


def _noise(height: int, width: int, channels: int = 3, dtype: str = "uint8") -> np.ndarray:
    noise = np.random.default_rng(0).random((height, width, channels), np.float32)
    return (noise * (np.iinfo(dtype).max if dtype.startswith("u") else 1)).astype(dtype)
