"""The floor: only libjpeg-turbo's decode, at the scale and in the colours that jitprep chooses."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any

import simplejpeg

from bench.peers.base import Peer
from bench.peers.ours import P1, P2, P4, given
from preprocessing import Pipeline
from preprocessing.planner.stages import Decode

if TYPE_CHECKING:
    from bench.peers.base import Box, Pixels


@cache
def _choice(spec: str, data: bytes) -> dict[str, Any]:
    decode = Pipeline.parse(spec).plan(data).source
    assert isinstance(decode, Decode)
    height, width = (-(-side * decode.eighths // 8) for side in decode.header.stored)
    return {
        "colorspace": "GRAY" if decode.luma else "RGB",
        "min_height": height,
        "min_width": width,
        "min_factor": 8 / decode.eighths,
    }


def decode(spec: str, data: bytes) -> Pixels:
    """Decode as the plan of `spec` would."""
    pixels: Pixels = simplejpeg.decode_jpeg(data, **_choice(spec, data))
    return pixels


def p3(data: bytes, box: Box, flip: bool) -> Pixels:
    return decode(given(box, flip), data)


PEERS = [
    Peer(
        "decode alone (floor)",
        "libjpeg-turbo through simplejpeg, at jitprep's scale; nothing after it",
        {"p1": partial(decode, P1), "p2": partial(decode, P2), "p3": p3, "p4": partial(decode, P4)},
        ("simplejpeg",),
        role="aside",
    )
]
