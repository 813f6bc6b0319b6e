"""Parquet files made by hand, whose footers say what no library would write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_BINARY, _LIST, _STRUCT, _I32, _I64 = 8, 9, 12, 5, 6


class Short(int):
    """An integer of 32 bits; others have 64."""


class Items(list[Any]):
    """A list of structures, integers or strings, whose count may be a lie."""

    count: int | None = None


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])


def _value(value: Any) -> tuple[int, bytes]:
    """Return the type and the bytes of a value, in Thrift's compact protocol."""
    if isinstance(value, bytes):
        return _BINARY, _varint(len(value)) + value
    if isinstance(value, int):
        kind = _I32 if isinstance(value, Short) else _I64
        return kind, _varint(value << 1 if value >= 0 else (-value << 1) - 1)
    if isinstance(value, Mapping):
        return _STRUCT, structure(value)
    parts = [_value(item) for item in value]
    count = getattr(value, "count", None)
    count = len(parts) if not isinstance(count, int) else count
    kind = parts[0][0] if parts else _STRUCT
    return _LIST, bytes([0xF0 | kind]) + _varint(count) + b"".join(part for _, part in parts)


def structure(fields: Mapping[int, Any]) -> bytes:
    """Return a structure, whose fields have these numbers."""
    found = b""
    for number, value in fields.items():
        kind, part = _value(value)
        found += bytes([kind]) + _varint(number << 1) + part
    return found + b"\0"


def chunk(start: int = 4, stored: int = 8, unpacked: int = 8, values: int = 1) -> dict[int, Any]:
    """Return a chunk of a binary column."""
    return {
        2: 0,
        3: {
            1: Short(6),
            2: [Short(0)],
            3: [b"x"],
            4: Short(0),
            5: values,
            6: unpacked,
            7: stored,
            9: start,
        },
    }


def schema(columns: int = 1, *, depth: int = 1) -> list[dict[int, Any]]:
    """Return a schema that claims so many columns, in so many structures, and has one."""
    inside = [{3: Short(0), 4: b"s", 5: Short(columns)} for _ in range(depth)]
    return [*inside, {1: Short(6), 3: Short(0), 4: b"x"}]


def footer(**changes: Any) -> dict[int, Any]:
    """Return a footer of one column and one row."""
    return {
        1: Short(2),
        2: changes.get("schema", schema()),
        3: changes.get("rows", 1),
        4: changes.get("groups", [{1: [changes.get("chunk", chunk())], 2: 8, 3: 1}]),
        **changes.get("more", {}),
    }


def file_of(fields: Mapping[int, Any], pages: bytes = b"\0" * 8) -> bytes:
    """Return a file of these pages, with this footer."""
    made = structure(fields)
    return b"PAR1" + pages + made + len(made).to_bytes(4, "little") + b"PAR1"
