"""A table of levels is what the kernel does to each sample."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from preprocessing.kernels.image import adjust
from preprocessing.kernels.image.lut import apply_table, apply_tables, table_of

from ..strategies import images
from ..strategies.tone import factors

BYTES = images(("uint8",), channels=(3,))


@given(BYTES, st.binary(min_size=256, max_size=256))
def test_a_table_is_applied_to_each_sample(image: np.ndarray, table: bytes) -> None:
    entries = np.frombuffer(table, np.uint8)
    np.testing.assert_array_equal(apply_table(image, table), entries[image])
    both = apply_table(apply_table(image, table), table[::-1])
    np.testing.assert_array_equal(apply_table(image, table.translate(table[::-1])), both)


@given(BYTES, st.lists(st.binary(min_size=256, max_size=256), min_size=3, max_size=3))
def test_a_table_for_each_channel(image: np.ndarray, tables: list[bytes]) -> None:
    for channel, table in enumerate(tables):
        expected = np.frombuffer(table, np.uint8)[image[..., channel]]
        np.testing.assert_array_equal(apply_tables(image, tables)[..., channel], expected)


@given(BYTES, st.integers(0, 255))
def test_tables_that_only_flip_or_clear_bits(image: np.ndarray, mask: int) -> None:
    levels = np.arange(256, dtype=np.uint8)
    for operation in (np.bitwise_xor, np.bitwise_and):
        table = operation(levels, np.uint8(mask)).tobytes()
        result = apply_table(image, table)
        np.testing.assert_array_equal(result, operation(image, np.uint8(mask)))


@given(BYTES, factors)
def test_a_table_is_what_the_kernel_does(image: np.ndarray, factor: float) -> None:
    for function in (adjust.brightness, lambda x, f: adjust.gamma(x, f, 1.5)):
        np.testing.assert_array_equal(
            apply_table(image, table_of(function, factor)), function(image, factor)
        )
