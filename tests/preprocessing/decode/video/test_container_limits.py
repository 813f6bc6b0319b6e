"""Matroska, AVI and transport streams with too many tracks or list entries are refused."""

from __future__ import annotations

import struct

import pytest

from preprocessing import CorruptSource, LimitExceeded

from ...support.clips import clip
from ...support.containers import (
    SAMPLED,
    element,
    matroska,
    vint,
)
from ...support.films import film


def test_many_tracks_of_matroska_are_refused():
    data = film("matroska", "libx264", range(20))
    name = b"\x16\x54\xae\x6b"
    at = data.index(name, data.index(name) + 4)  # the first occurrence is in the seek head
    width = 9 - data[at + 4].bit_length()
    length = int.from_bytes(data[at + 4 : at + 4 + width], "big") & (1 << 7 * width) - 1
    end = at + 4 + width + length
    entry = data[at + 4 + width : end]
    many = entry * 200
    segment = data.index(b"\x18\x53\x80\x67") + 4
    made = data[:segment] + b"\x01" + b"\xff" * 7 + data[segment + 8 : at]
    made += name + (1 << 28 | len(many)).to_bytes(4, "big") + many + data[end:]
    with pytest.raises(LimitExceeded, match="tracks"):
        SAMPLED(made)


def test_many_streams_of_an_avi_are_refused():
    data = film("avi", "mpeg4", range(20))
    start = data.index(b"strl") - 8
    length = 8 + int.from_bytes(data[start + 4 : start + 8], "little")
    stream = data[start : start + length]
    hdrl = int.from_bytes(data[16:20], "little") + 199 * length
    made = data[:16] + struct.pack("<I", hdrl) + data[20:start] + stream * 200
    made += data[start + length :]
    made = made[:4] + struct.pack("<I", len(made) - 8) + made[8:]
    with pytest.raises(LimitExceeded, match="200 tracks"):
        SAMPLED(made)


LISTS = {
    "cues": element("1c53bb6b", bytes.fromhex("bb80") * (3 << 20)),
    "tags": element("1254c367", bytes.fromhex("737380") * 2**20),
    "chapters": element("1043a770", element("45b9", bytes.fromhex("b680") * 2**20)),
    "attachments": element("1941a469", bytes.fromhex("61a780") * 4096),
    "tracks": element("1654ae6b", bytes.fromhex("ae80") * 4096),
}


@pytest.mark.parametrize("name", LISTS)
def test_lists_of_empty_elements_are_refused(name):
    assert len(SAMPLED(matroska())) == 2
    with pytest.raises(LimitExceeded, match=r"more than the limit|the limits are"):
        SAMPLED(matroska(LISTS[name]))


def test_a_list_that_is_longer_than_its_file_is_refused():
    with pytest.raises(CorruptSource):
        SAMPLED(matroska(bytes.fromhex("1c53bb6b") + vint(2**40)))


def test_many_streams_side_by_side_are_refused():
    data = clip("mpegts")
    packets = b"".join(
        bytes([0x47, 0x40 | pid >> 8, pid & 255, 0x10]).ljust(188, b"\xff")
        for pid in range(0x200, 0x600)
    )
    with pytest.raises(LimitExceeded, match="streams, more than the limit"):
        SAMPLED(packets + data)
    assert len(SAMPLED(packets[: 188 * 99] + data)) == 2
