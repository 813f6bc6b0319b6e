"""ID3v2 and APEv2 tags, which some writers put before, after or between the frames of any format."""

from __future__ import annotations

from preprocessing.cancellation import checkpoint

# https://id3.org/id3v2.4.0-structure, 3.1 and 3.4; https://wiki.hydrogenaud.io/index.php?title=APE_Tags_Header
_ID3, _ID3_HEADER, _ID3_FOOTER = b"ID3", 10, 0x10
_APE, _APE_HEADER = b"APETAGEX", 32


def skip_tags(data: bytes, place: int) -> int:
    """Return the offset behind the tags at `place`, or `place`. A tag may reach beyond the data."""
    while True:
        checkpoint()  # a hostile file may have millions of tags, ten bytes each
        if data.startswith(_ID3, place) and place + _ID3_HEADER <= len(data):
            place += _ID3_HEADER + _id3_length(data[place : place + _ID3_HEADER])
        elif data.startswith(_APE, place) and place + _APE_HEADER <= len(data):
            place += _APE_HEADER + int.from_bytes(data[place + 12 : place + 16], "little")
        else:
            return place


def _id3_length(header: bytes) -> int:
    """Return the length of a tag without its header: four times seven bits, plus a footer."""
    length = 0
    for byte in header[6:10]:
        length = length << 7 | byte & 0x7F
    return length + _ID3_HEADER * bool(header[5] & _ID3_FOOTER)
