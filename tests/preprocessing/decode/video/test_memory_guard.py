"""FFmpeg's memory is bounded even where no header check applies."""

from __future__ import annotations

import subprocess
import sys

import pytest

from preprocessing import LimitExceeded, Limits

from ...support.clips import clip
from ...support.containers import (
    SAMPLED,
)

GROWING = """
from preprocessing import LimitExceeded, Limits
from tests.preprocessing.support.containers import JPEG, SAMPLED, element, matroska, peak
more = element("75a1", b"\\xa6\\x80" * (3 << 20))
block = element("a0", element("a1", b"\\x81\\0\\0\\x80" + JPEG), more)
data = matroska(element("1f43b675", element("e7", b"\\0"), block))
SAMPLED(matroska())
before = peak()
try:
    SAMPLED(data, limits=Limits(memory=30 << 20))
    print("ok")
except LimitExceeded:
    print("LimitExceeded")
print((peak() - before) >> 10)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's")
def test_what_grows_as_it_is_read_is_bounded():
    """FFmpeg needs thirty times the size of Matroska's empty block additions."""
    done = subprocess.run(
        [sys.executable, "-c", GROWING], capture_output=True, text=True, check=True, timeout=60
    )
    outcome, taken = done.stdout.split()
    assert outcome in ("LimitExceeded", "ok")  # FFmpeg skips what it cannot allocate
    assert not done.stderr
    assert int(taken) < 30 + 32


def test_decoding_is_refused_by_what_it_would_hold():
    with pytest.raises(LimitExceeded, match="would hold"):
        SAMPLED(clip("mp4"), limits=Limits(memory=2**16))
    held = SAMPLED.plan(clip("mp4")).source.holds()
    assert 64 * 48 * 3 < held < 2**24


GUARDED = """
import numpy, resource
from preprocessing.decode.video.memory_guard import bounded
before = resource.getrlimit(resource.RLIMIT_DATA)
with bounded(64 << 20):
    with bounded(64 << 20):
        numpy.ones(100 << 20, numpy.uint8)
    try:
        numpy.ones(200 << 20, numpy.uint8)
        print("taken")
    except MemoryError:
        print("refused")
numpy.ones(200 << 20, numpy.uint8)
print(resource.getrlimit(resource.RLIMIT_DATA) == before)
"""


UNCHECKED = """
from preprocessing import Limits
from preprocessing.decode.video import decoder as video
from tests.preprocessing.decode.video.test_mp4_bombs import BOMBS
from tests.preprocessing.support.containers import SAMPLED, mp4, peak
SAMPLED(mp4())
before = peak()
video.require_plausible = lambda *arguments: None
for name in ("a run of missing samples", "the sum of many tracks"):
    try:
        SAMPLED(BOMBS[name](), limits=Limits(memory=300 << 20))
        print("ok")
    except Exception as error:
        print(type(error).__name__)
print((peak() - before) >> 10)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's")
def test_the_guard_holds_where_no_parser_does():
    done = subprocess.run(
        [sys.executable, "-c", GUARDED], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["refused", "True"]
    done = subprocess.run(
        [sys.executable, "-c", UNCHECKED], capture_output=True, text=True, check=True, timeout=60
    )
    first, second, taken = done.stdout.split()
    assert first == "LimitExceeded"  # not CorruptSource: the file is valid
    assert second in ("ok", "LimitExceeded")
    assert int(taken) < 300 + 32
