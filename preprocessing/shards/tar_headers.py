"""Headers of tar archives: POSIX ustar with pax records, and GNU's long names. Nothing is guessed.

The formats are those of POSIX.1-2017, pax, "ustar Interchange Format" and "pax Extended Header", and of
the GNU tar manual, "Basic Tar Format".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from preprocessing.errors import CorruptSource, LimitExceeded, UnsupportedSource
from preprocessing.names import as_text

BLOCK = 512
# Types of members that are read here.
FILE, DIRECTORY = b"0", b"5"
LONG_NAME, RECORDS, GLOBAL_RECORDS = b"L", b"x", b"g"
_OLD_FILE = b"\0"
_KNOWN = frozenset({FILE, DIRECTORY, LONG_NAME, RECORDS, GLOBAL_RECORDS})
_REFUSED = {
    b"1": "a hard link",
    b"2": "a symbolic link",
    b"3": "a device",
    b"4": "a device",
    b"6": "a FIFO",
    b"S": "a sparse file",
    b"K": "a link with a long name",
    b"D": "a part of an incremental backup",
    b"M": "a part of a multi-volume archive",
}
# Bytes of a long name or of pax records; POSIX's longest path has 4,096.
_LARGEST_EXTENSION = 2**16
# A member has at most a long name and records, each a header and a content.
_MOST_EXTENSION_BLOCKS = 5
_OCTAL = re.compile(rb" *([0-7]*)[ \0]*")
# Mode, owner, group, time and device. They are not read here, but tar stops where one is not a number.
_UNREAD_NUMBERS = ((100, 108), (108, 116), (116, 124), (136, 148), (329, 337), (337, 345))
_BASE_256 = (0x80, 0xFF)  # how GNU's numbers in base 256 begin, positive ones and negative ones
_POSIX, _PREFIX = b"ustar\0", slice(345, 500)
_RECORD = re.compile(rb"([1-9][0-9]{0,5}) ")


class TarHeader(NamedTuple):
    """One block of a header.

    Parameters
    ----------
    name : str
    type : bytes
        One of the constants of this module.
    size : int
        Bytes of the content, without padding.
    block : bytes
        As it was read.
    """

    name: str
    type: bytes
    size: int
    block: bytes

    @property
    def padded(self) -> int:
        """Bytes of the content with its padding."""
        return -(-self.size // BLOCK) * BLOCK


def parse_header(block: bytes, offset: int) -> TarHeader:
    """Parse a header of 512 bytes that is not all zeros.

    Raises
    ------
    CorruptSource
        If its checksum does not fit, or a number is none.
    UnsupportedSource
        For links, devices and sparse files, and for names that are not UTF-8.
    """
    if not has_checksum(block):
        raise CorruptSource(
            f"the shard has no header at byte {offset}; it is damaged, or a length before it is wrong"
        )
    raw = block[:100].partition(b"\0")[0]
    if prefix := block[_PREFIX].partition(b"\0")[0]:
        raw = prefix + b"/" + raw
    name = decode_name(raw)
    kind = block[156:157]
    if kind == _OLD_FILE:
        kind = DIRECTORY if name.endswith("/") else FILE
    if kind not in _KNOWN:
        what = _REFUSED.get(kind, f"of the unknown type {kind!r}")
        raise UnsupportedSource(
            f"member {as_text(name)!r} of the shard is {what}; a shard has files and folders only"
        )
    size = _size(block[124:136], name)
    _require_plain(block, name)
    found = TarHeader(name, kind, size, block)
    require_no_length(found)
    return found


def has_checksum(block: bytes) -> bool:
    """Whether 512 bytes are a header: their sum, with spaces for the checksum, is their checksum."""
    found = _OCTAL.fullmatch(block, 148, 156)
    # The sum of the checksum's own digits is replaced by that of eight spaces.
    return found is not None and int(found[1] or b"0", 8) == sum(block) - sum(block[148:156]) + 256


def decode_name(raw: bytes) -> str:
    """Return a member's name. Raises UnsupportedSource unless it is UTF-8 without NUL."""
    try:
        name = raw.decode()
    except UnicodeDecodeError:
        name = "\0"
    if "\0" in name:
        shown = as_text(raw.decode(errors="surrogateescape"))
        raise UnsupportedSource(f"the name {shown!r} in the shard is not UTF-8; rename the member")
    return name


def decode_long_name(body: bytes, size: int) -> str:
    """Return a name of GNU's, which ends with NUL, from its padded content of `size` bytes.

    Raises
    ------
    UnsupportedSource
        Unless it is UTF-8, or if text follows its end, which programs read differently.
    """
    name = body[:size].rstrip(b"\0")
    if name != body.partition(b"\0")[0]:
        shown = as_text(name.decode(errors="surrogateescape"))
        raise UnsupportedSource(f"the long name {shown!r} in the shard has text after its end")
    return decode_name(name)


def require_name(header: TarHeader) -> None:
    """Raise UnsupportedSource for a name that leads out of the folder that a shard is unpacked in."""
    name = header.name
    if not name or name.startswith("/") or ".." in name.split("/"):
        raise UnsupportedSource(
            f"the name {as_text(name)!r} in the shard is empty, absolute or has '..'; pack the shard "
            "with relative names"
        )
    if name.endswith("/") and header.type != DIRECTORY:
        raise UnsupportedSource(f"the file {as_text(name)!r} in the shard has a folder's name")


def require_no_length(header: TarHeader) -> None:
    """Raise CorruptSource for a folder with a length, whose content other programs read as members."""
    if header.type == DIRECTORY and header.size:
        raise CorruptSource(f"folder {as_text(header.name)!r} of the shard has a length")


def require_extension(header: TarHeader, blocks: int) -> None:
    """Raise LimitExceeded if a long name, or pax records, are too long, or follow too many others."""
    if header.size > _LARGEST_EXTENSION or blocks > _MOST_EXTENSION_BLOCKS:
        raise LimitExceeded(
            f"the shard has a name or records of more than {_LARGEST_EXTENSION} bytes"
        )


def require_one(names: Sequence[str], sizes: Sequence[int]) -> None:
    """Raise UnsupportedSource for two names or sizes of one member, where programs differ."""
    if len(names) > 1 or len(sizes) > 1:
        shown = "".join(f" ({as_text(name)!r})" for name in names[:1])
        raise UnsupportedSource(
            f"a member of the shard{shown} has two long names or two sizes; pack the shard anew"
        )


def require_harmless(records: Mapping[str, bytes], *, first: bool) -> None:
    """Raise UnsupportedSource if global records name or size all members, or part a member's headers."""
    if not first:
        raise UnsupportedSource(
            "the shard has global records between a long name and its member; pack the shard anew"
        )
    if not {"path", "size"}.isdisjoint(records):
        raise UnsupportedSource("the shard gives one name or one size to all of its members")


def parse_records(body: bytes, offset: int) -> dict[str, bytes]:
    """Parse pax records, of the form ``LENGTH KEY=VALUE``; the length counts all of a record's bytes.

    Raises
    ------
    CorruptSource
        If a length does not fit.
    UnsupportedSource
        For the records of sparse files.
    """
    records, at = dict[str, bytes](), 0
    while at < len(body):
        found = _RECORD.match(body, at)
        stop = at + int(found[1]) if found else at
        key, equals, value = body[found.end() if found else at : stop - 1].partition(b"=")
        if stop > len(body) or not equals or body[stop - 1 : stop] != b"\n":
            raise CorruptSource(f"the shard has a damaged pax record at byte {offset + at}")
        records[key.decode(errors="replace")] = value
        at = stop
    if any(key.startswith("GNU.sparse.") for key in records):
        raise UnsupportedSource("the shard has a sparse file; pack it without --sparse")
    return records


def record_size(value: bytes) -> int:
    """Return a pax record's size. Raises CorruptSource unless it is a decimal number."""
    if not re.fullmatch(rb"[0-9]{1,18}", value):
        raise CorruptSource(f"the shard has a pax record whose size is {value[:20]!r}")
    return int(value)


def _require_plain(block: bytes, name: str) -> None:
    """Raise unless other programs read the header as it is read here."""
    for start, stop in _UNREAD_NUMBERS:
        if block[start] not in _BASE_256 and not _OCTAL.fullmatch(block, start, stop):
            raise CorruptSource(f"member {as_text(name)!r} of the shard has a damaged header")
    if block[257:263] != _POSIX and any(block[_PREFIX]):
        raise UnsupportedSource(
            f"member {as_text(name)!r} of the shard is of an incremental backup; pack the shard anew"
        )


def _size(field: bytes, name: str) -> int:
    """Return a size in octal, or in GNU's base 256, whose first bit is set."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:])
    found = _OCTAL.fullmatch(field)
    if found is None:
        raise CorruptSource(f"member {as_text(name)!r} of the shard has the size {field!r}")
    return int(found[1] or b"0", 8)
