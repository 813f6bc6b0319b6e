"""Small MP4 files whose tables claim gigabytes are refused before these are allocated."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import zlib

import pytest

from preprocessing import CorruptSource, LimitExceeded, UnsupportedSource
from preprocessing.errors import PreprocessingError

from ...support.clips import FILES, clip
from ...support.containers import (
    FTYP,
    GOOD,
    JPEG_ENTRY,
    MVHD,
    SAMPLED,
    TREX,
    box,
    full,
    mp4,
    run,
    sound,
    table,
    track,
    video,
    words,
)

REFUSED = (LimitExceeded, CorruptSource, UnsupportedSource)


# Each table claims n entries and has none, or one.
TABLES = {
    b"stsz": lambda n: full(b"stsz", 0, words(1, n)),
    b"stz2": lambda n: full(b"stz2", 0, words(8, n)),
    b"stts": lambda n: full(b"stts", 0, words(n, 1, 1)),
    b"ctts": lambda n: full(b"ctts", 0, words(n, 1, 1)),
    b"stsc": lambda n: full(b"stsc", 0, words(n, 1, 1, 1)),
    b"stco": lambda n: full(b"stco", 0, words(n, 40)),
    b"co64": lambda n: full(b"co64", 0, words(n, 0, 40)),
    b"stss": lambda n: full(b"stss", 0, words(n, 1)),
    b"elst": lambda n: full(b"elst", 0, words(n, 1, 0, 1 << 16)),
    b"sbgp": lambda n: full(b"sbgp", 0, b"sync", words(n, 1, 1)),
    b"sgpd": lambda n: full(b"sgpd", 0, b"sync", words(n, 1)),
    b"trun": lambda n: full(b"trun", 0, words(n)),
    b"senc": lambda n: full(b"senc", 0, words(n)),
    b"iinf": lambda n: full(b"iinf", 1 << 24, words(n)),
    b"iloc": lambda n: full(b"iloc", 2 << 24, b"\0\0", words(n)),
    b"keys": lambda n: full(b"keys", 0, words(n)),
    b"pssh": lambda n: full(b"pssh", 1 << 24, bytes(16), words(n)),
}


WRAPS = (
    b"edts",
    b"udta",
    b"minf",
    b"mdia",
    b"dinf",
    b"tref",
    b"sinf",
    b"schi",
    b"mvex",
    b"traf",
    b"stbl",
)


BOMBS = {
    "a run of missing samples": lambda: mp4(TREX, tail=run(0, 1 << 26)),
    "a run of samples with fields": lambda: mp4(TREX, tail=run(0xF00, 1 << 24)),
    "tracks of sound": lambda: mp4(sound(1 << 25) * 3),
    "a table in another box": lambda: mp4(
        track(2, b"vide", b"", box(b"edts", table(JPEG_ENTRY, 1 << 25, 1, [], 40)))
    ),
    "the sum of many tracks": lambda: mp4(b"".join(video(1 << 22) for _ in range(12))),
    "a thousand tracks": lambda: mp4(b"".join(video(2) for _ in range(1000))),
    "many runs": lambda: mp4(TREX, tail=run(0, 1 << 21) * 40),
    "a table in a sample description": lambda: mp4(
        track(2, b"vide", table(JPEG_ENTRY + full(b"stsz", 0, words(1, 1 << 25)), 2, 1, [9, 9], 40))
    ),
    "a compressed header": lambda: (
        FTYP
        + box(
            b"moov",
            box(
                b"cmov",
                box(b"dcom", b"zlib"),
                box(b"cmvd", words(1 << 30), zlib.compress(box(b"moov", MVHD, GOOD))),
            ),
        )
    ),
    "a disabled header": lambda: FTYP + box(b"free", MVHD, video(1 << 25)),
    "an index of fragments at the end": lambda: mp4(
        TREX,
        tail=run(0, 1)
        + box(
            b"mfra", full(b"tfra", 0, words(1, 0, 1 << 28)), full(b"mfro", 0, words(8 + 24 + 16))
        ),
    ),
    "edits that repeat a long track": lambda: mp4(
        track(
            *(2, b"vide", table(JPEG_ENTRY, 60_000, 1, [1] * 60_000, 40)),
            box(b"edts", full(b"elst", 0, words(4000), words(60_000, 0, 1 << 16) * 4000)),
        )
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_by_name(name):
    with pytest.raises(REFUSED) as caught:
        SAMPLED(BOMBS[name]())
    assert "damaged" not in str(caught.value) or "may be" in str(caught.value)


CHILD = """
import json, random, sys, time
from preprocessing import Limits, Pipeline
from preprocessing.errors import PreprocessingError
from tests.preprocessing.decode.video.test_mp4_bombs import BOMBS, nested
from tests.preprocessing.support.containers import SAMPLED, mp4, peak
SAMPLED(mp4())
before = peak()
seen = []
for make in [*BOMBS.values(), *(nested(seed) for seed in range(300))]:
    data, start = make(), time.perf_counter()
    try:
        SAMPLED(data, limits=Limits(memory=512 << 20))
        outcome = "ok"
    except PreprocessingError as error:
        outcome = type(error).__name__
    seen.append((outcome, time.perf_counter() - start))
print(json.dumps([seen, peak() - before]))
"""


def nested(seed: int):
    """Return a maker of an MP4 with a table, in random boxes, that claims 2 ** 24 entries or more."""

    def make() -> bytes:
        rng = random.Random(seed)
        content = rng.choice(list(TABLES.values()))(1 << rng.randint(24, 31))
        for _ in range(rng.randint(0, 5)):
            content = box(rng.choice(WRAPS), content)
        if rng.random() < 0.3:
            return mp4(content)
        if rng.random() < 0.3:
            return mp4(tail=content)
        return mp4(track(2, rng.choice((b"vide", b"soun", b"text")), content))

    return make


def test_no_bomb_takes_memory_or_time():
    done = subprocess.run(
        [sys.executable, "-c", CHILD], capture_output=True, text=True, check=True, timeout=120
    )
    seen, taken = json.loads(done.stdout)
    assert max(seconds for _, seconds in seen) < 2
    assert taken < 64 * 1024  # KiB
    assert not [outcome for outcome, _ in seen if outcome == "ok"]


def test_real_files_are_not_refused_for_what_they_claim():
    for name in FILES:
        if not name.startswith("mp4, odd"):
            assert len(SAMPLED(clip(name))) == 2, name


def test_an_error_of_a_bomb_says_something():
    for make in BOMBS.values():
        with pytest.raises(PreprocessingError) as caught:
            SAMPLED(make())
        assert len(str(caught.value)) > 30
