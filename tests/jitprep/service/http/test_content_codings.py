"""Content codings are decoded completely, or refused with the reason."""

from __future__ import annotations

import base64
import gzip
import time
import zlib
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jitprep.service.http import content_codings
from preprocessing import CorruptSource, LimitExceeded, Limits, UnsupportedSource
from preprocessing.cancellation import Cancelled, Signal, cancellable

LIMIT = Limits(source_bytes=2**20)
TEXT = b"".join(b"line %06d of a corpus %d\n" % (i, i * 7919 % 10007) for i in range(5000))


def raw(data: bytes) -> bytes:
    deflater = zlib.compressobj(wbits=-15)
    return deflater.compress(data) + deflater.flush()


CODERS = {"gzip": gzip.compress, "x-gzip": gzip.compress, "deflate": zlib.compress}
PARTS = st.lists(st.binary(max_size=300), min_size=1, max_size=4)


@given(PARTS)
def test_all_members_are_read(parts):
    body = b"".join(map(gzip.compress, parts))
    assert content_codings.decode(body, "gzip", LIMIT) == b"".join(parts)
    assert content_codings.decode(body + bytes(7), "gzip", LIMIT) == b"".join(
        parts
    )  # as gzip(1) does


@given(PARTS, st.data())
def test_any_truncated_body_is_refused(parts, data):
    """Between two members is an end: there nothing says that another was to come."""
    members = list(map(gzip.compress, parts))
    body = b"".join(members)
    ends = {sum(map(len, members[:n])) for n in range(1, len(members) + 1)}
    cut = data.draw(st.integers(1, len(body) - 1).filter(lambda at: at not in ends))
    with pytest.raises(CorruptSource):
        content_codings.decode(body[:cut], "gzip", LIMIT)


@given(st.binary(min_size=1, max_size=300), st.sampled_from([zlib.compress, raw]), st.data())
def test_of_deflate_too(content, coder, data):
    body = coder(content)
    assert content_codings.decode(body, "deflate", LIMIT) == content
    for bad in (body[: data.draw(st.integers(1, len(body) - 1))], body + b"x"):
        with pytest.raises(CorruptSource):
            content_codings.decode(bad, "deflate", LIMIT)


@given(PARTS, st.binary(min_size=1, max_size=30).filter(any))
def test_trailing_bytes_are_refused(parts, tail):
    body = b"".join(map(gzip.compress, parts))
    with pytest.raises(CorruptSource):
        content_codings.decode(body + tail, "gzip", LIMIT)


@given(st.binary(min_size=20, max_size=300), st.data())
def test_no_flipped_bit_changes_what_is_read(content, data):
    body = bytearray(gzip.compress(content, mtime=0))
    at = data.draw(st.integers(0, 8 * len(body) - 1))
    body[at // 8] ^= 1 << at % 8
    try:
        read = content_codings.decode(bytes(body), "gzip", LIMIT)
    except (CorruptSource, LimitExceeded):
        return
    assert read == content  # it was in the header, which says nothing of the content


@given(st.binary(min_size=1, max_size=200), st.lists(st.sampled_from(sorted(CODERS)), max_size=5))
def test_lists_are_undone_from_their_end(content, names):
    body = content
    for name in names:
        body = CODERS[name](body)
    spelt = " ,".join(name.upper() for name in names)
    assert content_codings.decode(body, spelt, LIMIT) == content
    assert content_codings.decode(body, f"aws-chunked,{spelt},identity", LIMIT) == content


@pytest.mark.parametrize("header", [None, "", "identity", "aws-chunked", "UTF-8", " , "])
def test_labels_that_say_nothing_are_passed_over(header):
    assert content_codings.decode(b"\xff\xd8 as it is", header, LIMIT) == b"\xff\xd8 as it is"


def test_what_is_labelled_base64_and_cannot_be_is_as_it_is_stored():
    assert content_codings.decode(b"\xff\xd8 as it is", "base64", LIMIT) == b"\xff\xd8 as it is"
    with pytest.raises(UnsupportedSource, match="'base64'"):
        content_codings.decode(base64.b64encode(TEXT), "base64", LIMIT)


@pytest.mark.parametrize("name", ["br", "zstd", "compress", "x-snappy", "gzip;q=1"])
def test_other_codings_are_refused_by_name(name):
    for header in (name, f"gzip, {name}"):
        with pytest.raises(UnsupportedSource, match=name):
            content_codings.decode(b"anything", header, LIMIT)


def test_a_wrong_label_is_reported():
    with pytest.raises(CorruptSource, match="says gzip, but its bytes are not gzip"):
        content_codings.decode(b"\xff\xd8\xff\xe0 a JPEG", "gzip", LIMIT)


def test_truncation_is_reported():
    with pytest.raises(CorruptSource, match="truncated"):
        content_codings.decode(gzip.compress(TEXT)[:20000], "gzip", LIMIT)


def test_a_bomb_takes_no_more_than_the_limit():
    bomb = gzip.compress(gzip.compress(bytes(2**26)))
    began = time.process_time()
    for header in ("gzip, gzip", "gzip,gzip,gzip"):
        body = bomb if header.count("gzip") == 2 else gzip.compress(bomb)
        with pytest.raises(LimitExceeded, match="JITPREP_MAX_BYTES"):
            content_codings.decode(body, header, LIMIT)
    assert time.process_time() - began < 1
    with pytest.raises(UnsupportedSource, match="names 6 codings"):
        content_codings.decode(bomb, ",".join(["gzip"] * 6), LIMIT)


def test_nor_more_memory_than_there_is():
    limits = Limits(source_bytes=2**30, memory=2**20)
    with pytest.raises(LimitExceeded, match="hold 1 MiB at once"):
        content_codings.decode(gzip.compress(bytes(2**22)), "gzip", limits)


def test_millions_of_members_take_linear_time():
    empty = gzip.compress(b"")
    began = time.process_time()
    assert content_codings.decode(empty * 50_000, "gzip", LIMIT) == b""
    assert time.process_time() - began < 5


def test_work_that_was_given_up_stops():
    signal = Signal()
    signal.cancel()
    with cancellable(signal), pytest.raises(Cancelled):
        content_codings.decode(gzip.compress(TEXT), "gzip", LIMIT)


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate", "gzip,deflate", "base64"]))
@settings(max_examples=300)
def test_any_bytes_are_read_or_refused(body, header):
    with suppress(CorruptSource, LimitExceeded, UnsupportedSource):
        content_codings.decode(body, header, LIMIT)
