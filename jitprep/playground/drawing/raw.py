"""Objects of no kind: their first bytes."""

from __future__ import annotations

from jitprep.playground.drawing.view import View

_SHOWN, _LINE = 1024, 16


def draw_bytes(content: bytes, why: str = "") -> View:
    """Show the beginning of an object in hexadecimal digits, and why it is shown so."""
    return View(
        "bytes",
        f"{len(content):,} bytes",
        how=why,
        count=len(content),
        texts=(hexdump(content[:_SHOWN]),),
    )


def hexdump(content: bytes) -> str:
    """Return bytes as lines of an offset, sixteen bytes, and those of them that are visible in ASCII."""
    return "\n".join(
        _line(start, content[start : start + _LINE]) for start in range(0, len(content), _LINE)
    )


def _line(start: int, row: bytes) -> str:
    seen = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
    return f"{start:08x}  {row.hex(' '):<{3 * _LINE - 1}}  {seen}"
