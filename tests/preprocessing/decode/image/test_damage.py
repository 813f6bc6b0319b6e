"""Of 3,000 damaged files per format, each is refused or decoded without invented pixels.

What "invented" means depends on the checksums that a format has:

- PNG has checksums of everything: accepted pixels equal those of the undamaged file. So do TIFFs whose
  strips have checksums (deflate, LZMA), if only the bytes of strips are damaged.
- GIF, BMP, WebP, AVIF and other TIFFs have none. Their sizes must agree with each other and with the
  length of the file, so a truncated file is never accepted with other pixels. If bytes were replaced by
  as many others, the damaged file is valid in itself: its pixels must equal those that Pillow decodes.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from preprocessing import Pipeline, PreprocessingError

from ...support.damage import FILES, by_pillow, damaged

PIXELS = Pipeline.parse("npy:hwc")
COUNT = {
    "tiff raw": 1000,
    "tiff runs and LZW": 600,
    "tiff checked": 600,
    "tiff fax": 600,
    "tiff JPEG": 200,
}


@pytest.mark.parametrize("format_", FILES)
def test_whole_files_are_what_pillow_makes_of_them(format_: str) -> None:
    for make in FILES[format_].values():
        np.testing.assert_array_equal(PIXELS(make()), by_pillow(make()))


@pytest.mark.parametrize("format_", FILES)
def test_what_is_accepted_was_not_made_up(format_: str, capfd: pytest.CaptureFixture[str]) -> None:
    seen, right = Counter[str](), dict[bytes, np.ndarray]()
    for whole, damage, broken in damaged(format_, COUNT.get(format_, 3000)):
        if whole not in right:
            right[whole] = PIXELS(whole)
        try:
            pixels = PIXELS(broken)
        except PreprocessingError:
            seen["refused"] += 1
            continue
        if np.array_equal(pixels, right[whole]):
            seen["equal"] += 1
            continue
        assert format_ != "png", "a PNG's checksums tell"
        assert damage != "cut", "a file that is cut off is refused, or costs no pixel"
        seen[_judged(pixels, broken)] += 1
    assert seen["wrong"] == 0, seen
    assert seen["only Pillow refuses"] <= seen.total() / 100, (
        seen
    )  # for fields that affect no pixel
    assert seen["refused"] > seen.total() / 4, seen
    capfd.readouterr()  # libtiff within Pillow prints to stderr


def _judged(pixels: np.ndarray, broken: bytes) -> str:
    try:
        expected = by_pillow(broken)
    except Exception:
        return "only Pillow refuses"
    return "as Pillow" if np.array_equal(pixels, expected) else "wrong"


@pytest.mark.parametrize("name", FILES["png"])
def test_a_png_is_refused_wherever_it_ends(name: str) -> None:
    """The orientation may follow the pixels."""
    whole = FILES["png"][name]()
    for end in range(8, len(whole)):
        with pytest.raises(PreprocessingError, match="cut off"):
            PIXELS(whole[:end])


@pytest.mark.parametrize(
    "format_", ["webp", "bmp", "avif", "tiff raw", "tiff JPEG", "tiff checked"]
)
def test_what_ends_anywhere_is_refused_or_whole(format_: str) -> None:
    for make in FILES[format_].values():
        whole = make()
        right = PIXELS(whole)
        for end in range(1, len(whole), 1 + len(whole) // 300):
            try:
                np.testing.assert_array_equal(PIXELS(whole[:end]), right)
            except PreprocessingError:
                continue
