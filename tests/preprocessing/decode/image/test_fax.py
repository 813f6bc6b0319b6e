"""Fax compression in a TIFF: its pixels, and limits on the time that it takes to decode."""

from __future__ import annotations

import io
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from preprocessing import CorruptSource, LimitExceeded, Pipeline
from preprocessing.decode.image.tiff import fax
from tests.preprocessing.support.files import save

from ...support.damage import by_pillow, tiny
from ...support.tiffs import written

PIXELS = Pipeline.parse("npy:hwc")
GROUP3, GROUP4 = 3, 4


def page(compression: int, bits: str, *, times: int = 1, height: int = 1) -> bytes:
    """Return a page of 64 columns with one strip, of `bits` repeated `times` times."""
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
    """A4 at 600 dpi has 7,016 rows; each gets 140 runs."""
    assert 7016 * (fax._ROW + 140) + fax._STRIP * 7016 < fax._MOST_RUNS


@pytest.mark.parametrize(
    ("compression", "bits"),
    [
        (GROUP3, "001101010000110111"),  # empty runs, white and black
        (GROUP4, "001001101010000110111"),  # the same, in a two-dimensional row
        (GROUP3, "00000001000"),  # make-up codes of 1,792 pixels each
        (GROUP3, "0" * 16),  # fill without the end of line that should follow
        (GROUP4, "0001"),  # up to the next change above, which does not exist
    ],
)
def test_bits_that_make_no_pixels_take_no_time(compression: int, bits: str) -> None:
    data = page(compression, bits, times=2**23 // len(bits))
    started = time.process_time()
    with pytest.raises(CorruptSource):
        PIXELS(data)
    assert time.process_time() - started < 1


def test_a_row_that_does_not_advance() -> None:
    """The row above has two changes at the first pixel, so a pass to the second does not advance."""
    above = "001001101010000110111" + "001110110000110111"
    with pytest.raises(CorruptSource):
        PIXELS(page(GROUP4, above + "0001" * 2**20, height=2))


def test_more_bytes_than_any_page_has() -> None:
    fields = {256: 8, 257: 1, 258: 1, 259: GROUP3, 262: 0, 277: 1, 278: 1}
    with pytest.raises(LimitExceeded, match="8 MiB"):
        PIXELS(written(fields, [bytes(fax._MOST_BYTES + 1)]))


@given(
    st.sampled_from(["group3", "group4", "tiff_ccitt"]),
    st.integers(1, 70),
    st.integers(1, 12),
    st.floats(0, 1),
    st.integers(0, 2**32),
)
def test_fax_of_any_picture(
    compression: str, width: int, height: int, share: float, seed: int
) -> None:
    bits = np.random.default_rng(seed).random((height, width)) < share
    data = save(Image.fromarray(bits), "TIFF", compression=compression)
    np.testing.assert_array_equal(PIXELS(data)[:, :, 0], bits * np.uint8(255))


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_ccitt"])
def test_fax_of_long_runs(compression: str) -> None:
    """The runs use every make-up code, in steps of 64 up to 2,560."""
    bits = np.zeros((60, 6000), bool)
    for row in range(60):
        bits[row, row : row + 1 + 97 * row] = True
        bits[row, 5900 - row :] = True
    data = save(Image.fromarray(bits), "TIFF", compression=compression)
    np.testing.assert_array_equal(PIXELS(data)[:, :, 0], bits * np.uint8(255))


@pytest.mark.parametrize("compression", ["group3", "group4"])
def test_fax_of_more_than_is_looked_up_at_once(compression: str) -> None:
    bits = np.random.default_rng(1).random((300, 900)) < 0.5
    data = save(Image.fromarray(bits), "TIFF", compression=compression)
    assert len(data) > 2 * 2**14
    np.testing.assert_array_equal(PIXELS(data)[:, :, 0], bits * np.uint8(255))


@pytest.mark.parametrize("fill", [0, 1, 9, 131_060, 131_072, 300_001])
def test_fax_of_rows_behind_many_zeros(fill: int) -> None:
    """T.4, 4.1.3: fill bits may precede the end of line. The rows are white, black and white."""
    mark, white, black = "0" * fill + "000000000001", "10011", "00110101" + "000101"
    bits = mark + white + mark + black + mark + white
    strip = int(bits + "0" * (-len(bits) % 8), 2).to_bytes(-(-len(bits) // 8))
    fields = {256: 8, 257: 3, 258: 1, 259: 3, 262: 0, 277: 1, 278: 3}
    assert PIXELS(written(fields, [strip]))[:, 0, 0].tolist() == [255, 0, 255]


def test_fax_of_zeros_alone_is_refused_at_once() -> None:
    fields = {256: 9000, 257: 9000, 258: 1, 259: 3, 262: 0, 277: 1, 278: 9000}
    data, began = written(fields, [bytes(5_000_000)]), time.thread_time()
    with pytest.raises(CorruptSource, match="an invalid code"):
        PIXELS(data)
    assert time.thread_time() - began < 1


@pytest.mark.parametrize("options", [1, 5])
def test_fax_of_two_dimensions_in_group_3(options: int) -> None:
    image = tiny().convert("1")
    data = save(image, "TIFF", compression="group3", tiffinfo={292: options})
    assert Image.open(io.BytesIO(data)).tag_v2[292] == options
    np.testing.assert_array_equal(PIXELS(data), by_pillow(data))
