"""jitprep: the default, and `exact`, which decodes every pixel in full colour."""

from __future__ import annotations

from functools import cache
from itertools import count
from typing import TYPE_CHECKING

from bench.peers.base import Peer
from preprocessing import Pipeline, Seed

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.peers.base import Box, Floats, Pixels

P1 = "grayscale/resize:224,224/npy:layout=hwc"
P2 = "resize:256/center_crop:224/normalize:imagenet/npy"
P4 = "resize:224/npy:layout=hwc"
P3_DRAWN = "random_resized_crop:224/random_horizontal_flip/normalize:imagenet/npy"


def given(box: Box, flip: bool) -> str:
    """Return the spec of a given crop."""
    crop = ",".join(map(str, box))
    return f"crop:{crop}/resize:224,224{'/horizontal_flip' * flip}/normalize:imagenet/npy"


@cache
def _given(prefix: str, box: Box, flip: bool) -> Pipeline:
    return Pipeline.parse(prefix + given(box, flip))


def _written(spec: str) -> Callable[[bytes], bytes | bytearray]:
    pipeline = Pipeline.parse(spec)
    return lambda data: pipeline.encode(data).body


def _p3(prefix: str) -> Callable[[bytes, Box, bool], Floats]:
    return lambda data, box, flip: _given(prefix, box, flip)(data)


def _batch(spec: str) -> Callable[[Pixels], Floats]:
    return Pipeline.parse(spec).batch


def _operations(prefix: str) -> dict[str, Callable[..., object]]:
    return {
        "p1": Pipeline.parse(prefix + P1),
        "p1_png": _written(f"{prefix}grayscale/resize:224,224/png"),
        "p1_jpeg": _written(f"{prefix}grayscale/resize:224,224/jpeg:quality=90"),
        "p2": _written(prefix + P2),
        "p3": _p3(prefix),
        "p4": Pipeline.parse(prefix + P4),
        "p5": _batch(prefix + P2),
    }


def _drawing() -> Peer:
    """P3 with its own random crops: different work, so it is timed separately."""
    pipeline = Pipeline.parse(P3_DRAWN)
    seeds = count()

    def p3(data: bytes, _box: Box, _flip: bool) -> Floats:
        return pipeline(data, seed=Seed(next(seeds), "photo.jpg", '"an ETag"'))

    about = (
        "random_resized_crop and random_horizontal_flip, another seed each time; planned each time"
    )
    return Peer("jitprep, own draws", about, {"p3": p3}, ("jitprep",), role="aside")


PEERS = [
    Peer(
        "jitprep",
        "as it is: scaled decode by margins, luma for gray; within the tolerance that the plan prints",
        _operations(""),
        ("jitprep", "numpy", "simplejpeg"),
        role="ours",
    ),
    Peer(
        "jitprep exact",
        "the spec begins with exact/: every pixel decoded, in full colour",
        _operations("exact/"),
        ("jitprep",),
        role="ours",
    ),
    _drawing(),
]
