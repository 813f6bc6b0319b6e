"""Of 3,000 damaged JPEGs, those with warnings of libjpeg are accepted only if all pixels are right."""

from __future__ import annotations

from collections import Counter
from functools import cache

import numpy as np
import pytest
from PIL import Image

from preprocessing import CorruptSource, Pipeline, PreprocessingError
from preprocessing.decode.image.jpeg import decoder as jpeg
from preprocessing.decode.image.jpeg.clean import Cleaned
from tests.photos import picture

from ...support import libjpeg
from ...support.jpegs import saved

PIXELS = Pipeline.parse("npy:hwc")
ROUNDS = 20  # with 150 files each
# jerror.h: JWRN_EXTRANEOUS_DATA, JWRN_JPEG_EOF, JWRN_NOT_SEQUENTIAL, which may affect no pixel.
FORGIVEN = {116, 120, 122}


@cache
def whole() -> dict[str, bytes]:
    """Return JPEGs of every type that Pillow writes: of a photograph, and of one on white."""
    photo = picture("chelsea").resize((160, 112))
    page = Image.new("RGB", (160, 112), "white")
    page.paste(photo.resize((60, 40)), (30, 20))
    inks = bytearray(saved(photo.convert("CMYK")))
    ycck = inks[:]
    ycck[ycck.index(b"Adobe") + 11] = 2
    return {
        "4:2:0": saved(photo, quality=85),
        "4:2:2": saved(photo, quality=85, subsampling=1),
        "4:4:4": saved(photo, quality=50, subsampling=0),
        "optimised": saved(photo, optimize=True),
        "progressive": saved(photo, progressive=True),
        "restarts": saved(photo, restart_marker_blocks=4),
        "progressive with restarts": saved(photo, progressive=True, restart_marker_rows=1),
        "gray": saved(photo.convert("L")),
        "CMYK": bytes(inks),
        "YCCK": bytes(ycck),
        "page": saved(page),
        "optimised page": saved(page, optimize=True),
        "progressive page": saved(page, progressive=True),
    }


def damaged(data: bytes, random: np.random.Generator) -> bytes:
    """Flip a bit, or cut, drop, add or exchange a piece; one time in three, do two of these."""
    names = [*whole()]
    for _ in range(1 + (random.random() < 1 / 3)):
        at, length = int(random.integers(2, len(data))), int(random.integers(1, 200))
        other = whole()[names[random.integers(0, len(names))]]
        start = int(random.integers(0, len(other)))
        how = random.integers(0, 7)
        if how <= 1:
            data = data[:at] + bytes([data[at] ^ 1 << int(random.integers(0, 8))]) + data[at + 1 :]
        elif how == 2:
            data = data[:at]
        elif how == 3:
            data = data[:at] + b"\xff\xd9"
        elif how == 4:
            data = data[:at] + data[at + length :]
        elif how == 5:
            data = data[:at] + other[start : start + length] + data[at:]
        else:
            data = data[:at] + other[start:]
        if len(data) < 4:
            break
    return data


def outcome(name: str, data: bytes, pixels: dict[str, np.ndarray]) -> str:
    """Return the outcome for a damaged file; "wrong" fails the test."""
    try:
        result = PIXELS(data)
    except PreprocessingError as error:
        return type(error).__name__
    if any(np.array_equal(result, known) for known in (pixels[name], *pixels.values())):
        return "every pixel is there"
    height = jpeg.probe(data).stored[0]
    warnings = libjpeg.warnings_of(data, height)
    if not warnings:
        return "nobody can hear it"
    # Two changes: one that is harmless, and one that makes another valid JPEG.
    rest = libjpeg.warnings_of(bytes(Cleaned(data)), height)
    return "nobody can hear it" if set(warnings) <= FORGIVEN and not rest else "wrong"


@pytest.mark.skipif(libjpeg.library() is None, reason="Pillow brings no libjpeg")
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_damage_is_refused_or_harmless_or_undetectable(seed: int) -> None:
    random = np.random.default_rng(seed)
    pixels = {name: PIXELS(data) for name, data in whole().items()}
    names = [*pixels]
    seen = Counter[str]()
    for i in range(150):
        name = names[i % len(names)]
        data = damaged(whole()[name], random)
        became = outcome(name, data, pixels)
        assert became != "wrong", (name, i)
        seen[became] += 1
    assert seen["CorruptSource"] > 75


@pytest.mark.parametrize("spec", ["grayscale", "resize:12", "grayscale/resize:9"])
def test_decoding_less_of_a_jpeg_detects_the_same_damage(spec: str) -> None:
    """Decoding the luma only, or at a smaller size, reads the same codes."""
    random, less = np.random.default_rng(1), Pipeline.parse(spec)
    for i in range(150):
        data = damaged([*whole().values()][i % len(whole())], random)
        refusals = []
        for p in (PIXELS, less):
            try:
                p(data)
            except PreprocessingError as error:
                refusals.append(str(error))
        assert len(set(refusals)) < 2
        assert len(refusals) != 1


@pytest.mark.parametrize("name", whole())
def test_no_cut_is_taken_for_the_whole(name: str) -> None:
    """The error says "cut off", because uploading it again helps."""
    data = whole()[name]
    for end in range(len(data) // 3, len(data) - 12, len(data) // 30):
        with pytest.raises(CorruptSource, match="upload it again"):
            PIXELS(data[:end])
