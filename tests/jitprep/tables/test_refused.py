"""Tables that are refused, with the true reason, before pyarrow sees their pages."""

from __future__ import annotations

import io
import tracemalloc
from contextlib import suppress

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from preprocessing import (
    CorruptSource,
    IncompatibleSource,
    LimitExceeded,
    Limits,
    PreprocessingError,
    UnknownFormat,
    UnsupportedSource,
)

from .footers import Items, chunk, file_of, footer, schema
from .tables import opened, read, written

LIMITS = Limits(memory=2**26)
PLAIN = written({"x": [b"a", b"bc", None, b""]})


def many() -> Items:
    groups = Items([{1: [chunk()], 2: 8, 3: 1}])
    groups.count = 10**9
    return groups


REFUSED = {
    "not a table": (b"a photograph" * 9, UnknownFormat, "does not end as"),
    "cut short": (PLAIN[:-1], UnknownFormat, "cut short"),
    "nothing": (b"", UnknownFormat, "does not end as"),
    "encrypted footer": (PLAIN[:-4] + b"PARE", UnsupportedSource, "encrypted"),
    "encrypted column": (file_of(footer(chunk={**chunk(), 8: {}})), UnsupportedSource, "encrypted"),
    "encryption": (file_of(footer(more={8: {}})), UnsupportedSource, "encrypted"),
    "another file": (file_of(footer(chunk={1: b"/etc", **chunk()})), UnsupportedSource, "other files"),
    "length of the footer": (
        PLAIN[:-8] + (2**31).to_bytes(4, "little") + b"PAR1", CorruptSource, "claims 2147483648 bytes",
    ),
    "number of row groups": (file_of(footer(groups=many())), CorruptSource, "more items than"),
    "number of rows": (file_of(footer(rows=2)), CorruptSource, "number of rows"),
    "negative rows": (
        file_of(footer(rows=-1, groups=[{1: [chunk(values=-1)], 3: -1}])), CorruptSource, "row group",
    ),
    "values of a column": (file_of(footer(chunk=chunk(values=2))), CorruptSource, "impossible"),
    "place of a column": (file_of(footer(chunk=chunk(start=10**15))), CorruptSource, "impossible"),
    "size of a column": (file_of(footer(chunk=chunk(stored=10**15))), CorruptSource, "impossible"),
    "negative size": (file_of(footer(chunk=chunk(unpacked=-1))), CorruptSource, "impossible"),
    "a huge row group": (
        file_of(footer(chunk=chunk(unpacked=10**15))), LimitExceeded, "row group 0 takes",
    ),
    "no columns in a row group": (file_of(footer(groups=[{1: [], 3: 1}])), CorruptSource, "row group"),
    "nested too deeply": (file_of(footer(schema=schema(depth=100))), CorruptSource, "nested too deeply"),
    "columns that are not there": (
        file_of(footer(schema=schema(2))), CorruptSource, "lacks columns",
    ),
    "two columns of one name": (written({"x": [b"a"]}, {"x": [b"b"]}), UnsupportedSource, "same name"),
    "too many rows": (
        file_of(footer(rows=10**12, groups=[{1: [chunk(values=10**12)], 3: 10**12}])),
        LimitExceeded, "the table has 1000000000000 rows",
    ),
    "pages that are not there": (file_of(footer(chunk=chunk(stored=0))), CorruptSource, "have 0 values"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_the_reason_is_true_and_nothing_was_allocated(name):
    data, kind, why = REFUSED[name]
    tracemalloc.start()
    try:
        with pytest.raises(kind, match=why):
            read(data, "x", limits=LIMITS)
        assert tracemalloc.get_traced_memory()[1] < 2**22
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("column", "why"),
    [
        ("z", "is not in the table"),
        ("n", "is not binary"),
        ("s", "is not binary"),
        ("l", "is not binary"),
    ],
)
def test_a_wrong_column_is_named_with_those_that_are_binary(column, why):
    image = {"bytes": b"i", "path": "p"}
    data = written({"a": [b"a"], "n": [1], "s": ["s"], "l": [[b"l"]], "i": [image]})
    with pytest.raises(
        IncompatibleSource, match=f"'{column}' {why}; the binary columns are 'a', 'i'"
    ):
        opened(data, column)
    with pytest.raises(IncompatibleSource, match=f"'{column}' is .*; none is, of 'n'"):
        opened(written({"n": [1]}), column)


def test_values_that_expand_beyond_the_memory_stay_references():
    large = pa.DictionaryArray.from_arrays(
        pa.array([0] * 3_000, pa.int32()), pa.array([b"a" * 2**20])
    )
    data = written({"x": large}, compression="zstd", store_schema=False)
    table, fetch = opened(data, "x", LIMITS)
    rows = table.samples(fetch, 0)
    assert len(rows[2_999]) == 2**20
    assert rows.nbytes < 2**22
    data = written({"x": [b""] * 3_000, "y": large}, compression="zstd", store_schema=False)
    table, fetch = opened(data, "x", LIMITS)
    for read_others in (lambda: table.values(fetch, "y"), lambda: table.others(fetch, 0)):
        with pytest.raises(LimitExceeded, match="row group 0 takes"):
            read_others()


def test_strings_that_repeat_the_one_before_are_refused_where_they_would_be_large():
    same = ["a" * 2**16 + str(number) for number in range(5_000)]
    encoded = {"x": "DELTA_BYTE_ARRAY"}
    data = written({"x": [s.encode() for s in same]}, use_dictionary=False, column_encoding=encoded)
    with pytest.raises(LimitExceeded, match="row group 0 takes"):
        read(data, "x", limits=LIMITS)


@given(st.data())
def test_damage_is_refused_or_harmless(data):
    """Whatever bytes are changed, the errors are the library's own."""
    options = {
        "compression": data.draw(st.sampled_from(["none", "snappy", "zstd", "gzip"])),
        "use_dictionary": data.draw(st.booleans()),
        "data_page_version": data.draw(st.sampled_from(["1.0", "2.0"])),
    }
    values = [None, *(bytes([number]) * 9 for number in range(9))]
    damaged = bytearray(written({"x": values, "n": list(range(10))}, row_group_size=4, **options))
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[-data.draw(st.integers(1, len(damaged)))] = data.draw(st.integers(0, 255))
    with suppress(PreprocessingError):
        found = read(bytes(damaged), "x", limits=LIMITS)
        assert sum(len(value or b"") for value in found) < LIMITS.memory


@given(st.integers(0, len(PLAIN) - 1))
def test_a_table_that_is_cut_short_is_refused(length):
    with pytest.raises(PreprocessingError):
        read(PLAIN[:length], "x")


def test_pages_have_their_checksums_verified():
    stream = io.BytesIO()
    table = pa.table({"x": [b"a" * 99]})
    parquet.write_table(
        table, stream, compression="none", use_dictionary=False, write_page_checksum=True
    )
    data = stream.getvalue()
    assert read(data, "x") == [b"a" * 99]
    with pytest.raises(CorruptSource, match=r"(?i)crc"):
        read(data.replace(b"a" * 99, b"a" * 98 + b"b"), "x")
