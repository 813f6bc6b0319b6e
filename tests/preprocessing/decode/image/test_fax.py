"""Fax compression in a TIFF: what decoding it may take, whatever its bits ask for."""

from __future__ import annotations

import time

import numpy as np
import pytest
from PIL import Image

from preprocessing import CorruptSource, LimitExceeded, Pipeline
from preprocessing.decode.image.tiff import fax
from tests.preprocessing.support.files import save

from .test_tiff import written

PIXELS = Pipeline.parse("npy:hwc")
GROUP3, GROUP4 = 3, 4


def page(compression: int, bits: str, *, times: int = 1, height: int = 1) -> bytes:
    """A page of 64 columns whose one strip has `bits`, so many times."""
    bits *= times
    strip = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8))
    fields = {256: 64, 257: height, 258: 1, 259: compression, 262: 0, 277: 1, 278: height}
    return written(fields, [strip])


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_ccitt"])
def test_more_runs_than_any_page_has(compression: str, monkeypatch: pytest.MonkeyPatch) -> None:
    checkers = np.indices((60, 60)).sum(0) % 2 == 1
    data = save(Image.fromarray(checkers), "TIFF", compression=compression)
    PIXELS(data)
    monkeypatch.setattr(fax, "_MOST_RUNS", 2000)
    with pytest.raises(LimitExceeded, match="2000 runs"):
        PIXELS(data)


def test_a_page_of_print_is_far_within_the_limit() -> None:
    """A4 at 600 dots an inch, each of its 7,016 rows with 140 runs."""
    assert 7016 * (fax._ROW + 140) + fax._STRIP * 7016 < fax._MOST_RUNS


@pytest.mark.parametrize(
    ("compression", "bits"),
    [
        (GROUP3, "001101010000110111"),  # runs of no pixel, white and black
        (GROUP4, "001001101010000110111"),  # the same, side by side
        (GROUP3, "00000001000"),  # parts of one run, of 1,792 each
        (GROUP3, "0" * 16),  # the fill before an end of line that never comes
        (GROUP4, "0001"),  # as far as the next change above, which is nowhere
    ],
)
def test_bits_that_make_no_pixels_take_no_time(compression: int, bits: str) -> None:
    data = page(compression, bits, times=2**23 // len(bits))
    started = time.process_time()
    with pytest.raises(CorruptSource):
        PIXELS(data)
    assert time.process_time() - started < 1


def test_a_row_that_does_not_advance() -> None:
    """Above it two changes at the first pixel: a pass to the second goes nowhere."""
    above = "001001101010000110111" + "001110110000110111"
    with pytest.raises(CorruptSource):
        PIXELS(page(GROUP4, above + "0001" * 2**20, height=2))


def test_more_bytes_than_any_page_has() -> None:
    fields = {256: 8, 257: 1, 258: 1, 259: GROUP3, 262: 0, 277: 1, 278: 1}
    with pytest.raises(LimitExceeded, match="8 MiB"):
        PIXELS(written(fields, [bytes(fax._MOST_BYTES + 1)]))
