"""A small JPEG writer with any sampling factors and any scans, which Pillow does not have."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from functools import cache

import numpy as np
from PIL import Image

from preprocessing.decode.image.jpeg.segments import DHT, segments

Factors = Sequence[tuple[int, int]]

# T.81, figure A.6.
ZIGZAG = np.array(sorted(range(64), key=lambda i: (
    i // 8 + i % 8, i // 8 if (i // 8 + i % 8) % 2 else i % 8)))  # fmt: skip
_K = np.arange(8)
_DCT = (
    np.sqrt(np.where(_K == 0, 1, 2) / 8)[:, None]
    * np.cos((2 * _K[None] + 1) * _K[:, None] * np.pi / 16)
)  # fmt: skip


def saved(image: np.ndarray | Image.Image, **options: object) -> bytes:
    stream = io.BytesIO()
    image = Image.fromarray(image) if isinstance(image, np.ndarray) else image
    image.save(stream, "JPEG", **options)
    return stream.getvalue()


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def insert(data: bytes, *segments_: bytes) -> bytes:
    """Insert segments before the first quantization table."""
    at = data.index(b"\xff\xdb")
    return data[:at] + b"".join(segments_) + data[at:]


@cache
def _tables() -> tuple[bytes, dict[int, dict[int, str]]]:
    """Return the tables of T.81, annex K, as Pillow writes them, and the code of each symbol."""
    data = saved(Image.new("RGB", (16, 16)), subsampling=0)
    written = b"".join(data[a:b] for code, a, b in segments(data) if code == DHT)
    codes: dict[int, dict[int, str]] = {}
    for code, start, stop in segments(data):
        if code == DHT:
            counts, symbols = data[start + 5 : start + 21], iter(data[start + 21 : stop])
            value = 0
            table = codes.setdefault(data[start + 4], {})
            for length, count in enumerate(counts, 1):
                for _ in range(count):
                    table[next(symbols)] = format(value, f"0{length}b")
                    value += 1
                value <<= 1
    return written, codes


def ycc(image: np.ndarray) -> list[np.ndarray]:
    """Return the planes of an image in JFIF's YCbCr."""
    r, g, b = np.moveaxis(image.astype(float), -1, 0)
    y = 0.299 * r + 0.587 * g + 0.114 * b
    return [y, 128 + (b - y) / 1.772, 128 + (r - y) / 1.402]


def write(planes: list[np.ndarray], factors: Factors, *, progressive: bool = False,
          apart: bool = False, restart: int = 0) -> bytes:  # fmt: skip
    """Write planes of one size: in one scan, in one scan each, or in scans of DC and AC."""
    height, width = planes[0].shape
    across, down = max(h for h, _ in factors), max(v for _, v in factors)
    units = -(-height // (8 * down)), -(-width // (8 * across))
    blocks = [
        _blocks(plane, factor, (across, down), units)
        for plane, factor in zip(planes, factors, strict=True)
    ]
    every = range(len(planes))
    tables, _ = _tables()
    frame = struct.pack(">BHHB", 8, height, width, len(planes)) + b"".join(
        bytes([i + 1, h << 4 | v, 0]) for i, (h, v) in enumerate(factors)
    )
    parts = [b"\xff\xd8", segment(0xDB, b"\0" + bytes([2]) * 64),
             segment(0xC2 if progressive else 0xC0, frame), tables]  # fmt: skip
    if restart:
        parts.append(segment(0xDD, struct.pack(">H", restart)))
    order = [
        [(i, blocks[i][y * v + b, x * h + a]) for i, (h, v) in enumerate(factors)
         for b in range(v) for a in range(h)]
        for y in range(units[0]) for x in range(units[1])
    ]  # fmt: skip
    if len(planes) == 1:
        order = [
            [(0, block)] for row in blocks[0][: -(-height // 8)] for block in row[: -(-width // 8)]
        ]
    last = 0 if progressive else 63
    if not apart:
        parts += [_scan_header(every, 0, last), _scan(order, 0, last, restart)]
    for i in every if progressive or apart else ():
        h, v = factors[i]
        rows, columns = -(-height * v // (8 * down)), -(-width * h // (8 * across))
        alone = [[(i, block)] for row in blocks[i][:rows] for block in row[:columns]]
        parts += [_scan_header([i], 1 - apart, 63), _scan(alone, 1 - apart, 63, restart)]
    return b"".join((*parts, b"\xff\xd9"))


def _blocks(
    plane: np.ndarray, factor: tuple[int, int], most: tuple[int, int], units: tuple[int, int]
) -> np.ndarray:
    """Return quantized coefficients in zigzag order: (rows, columns, 64)."""
    (h, v), (across, down) = factor, most
    rows, columns = 8 * down * units[0], 8 * across * units[1]
    padding = (0, rows - plane.shape[0]), (0, columns - plane.shape[1])
    full = np.pad(plane.astype(float), padding, "edge").repeat(v, 0).repeat(h, 1)
    small = full.reshape(rows * v // down, down, columns * h // across, across).mean((1, 3))
    tiles = (small - 128).reshape(units[0] * v, 8, units[1] * h, 8).transpose(0, 2, 1, 3)
    found = np.rint(_DCT @ tiles @ _DCT.T / 2).astype(int)
    return found.reshape(units[0] * v, units[1] * h, 64)[:, :, ZIGZAG]


def _scan_header(components: Sequence[int], first: int, last: int) -> bytes:
    chosen = b"".join(bytes([i + 1, 0x11 if i else 0]) for i in components)
    return segment(0xDA, bytes([len(components)]) + chosen + bytes([first, last, 0]))


def _scan(order: list[list[tuple[int, np.ndarray]]], first: int, last: int, restart: int) -> bytes:
    """Return the entropy-coded data of blocks: T.81, F.1.2."""
    bits: list[str] = []
    parts: list[bytes] = []
    before = [0] * 4
    for count, unit in enumerate(order):
        if restart and count and count % restart == 0:
            parts.append(_packed(bits) + bytes([0xFF, 0xD0 + (count // restart - 1) % 8]))
            bits, before = [], [0] * 4
        for i, block in unit:
            if first == 0:
                bits.append(_value(i > 0, int(block[0]) - before[i], 0))
                before[i] = int(block[0])
            if last:
                bits.append(_ac(0x10 | (i > 0), block))
    return b"".join((*parts, _packed(bits)))


def _ac(table: int, block: np.ndarray) -> str:
    codes = _tables()[1][table]
    bits, run, end = "", 0, int(np.max(np.nonzero(block[1:])[0], initial=-1)) + 1
    for value in block[1 : end + 1].tolist():
        if value:
            bits += codes[0xF0] * (run // 16) + _value(table, value, run % 16)
        run = 0 if value else run + 1
    return bits + (codes[0] if end < 63 else "")


def _value(table: int, value: int, run: int) -> str:
    size = abs(value).bit_length()
    code = _tables()[1][table][run << 4 | size]
    low = value if value > 0 else value + (1 << size) - 1
    return code + (format(low, f"0{size}b") if size else "")


def _packed(bits: list[str]) -> bytes:
    text = "".join(bits)
    text += "1" * (-len(text) % 8)
    return (int(text, 2).to_bytes(len(text) // 8) if text else b"").replace(b"\xff", b"\xff\0")


def many_scans(side: int, scans: Sequence[tuple[int, int, int]]) -> bytes:
    """Return an empty gray progressive JPEG: DC of zeros, then AC scans from 1 to (last, high, low)."""
    blocks = (-(-side // 8)) ** 2
    parts = [
        b"\xff\xd8",
        segment(0xDB, b"\0" + bytes([1]) * 64),
        segment(0xC2, struct.pack(">BHHB", 8, side, side, 1) + b"\1\x11\0"),
        segment(0xC4, b"\0\1" + bytes(16)),  # a code of one bit: no difference
        segment(0xC4, b"\x10\1" + bytes(15) + b"\xe0"),  # one for 2**14 to 2**15 - 1 empty blocks
        segment(0xDA, b"\1\1\0\0\0\0"),
        bytes(-(-blocks // 8)),
    ]
    empty = _packed(["0" + "1" * 14] * -(-blocks // 32767))
    for last, high, low in scans:
        parts += [segment(0xDA, bytes([1, 1, 0, 1, last, high << 4 | low])), empty]
    return b"".join((*parts, b"\xff\xd9"))
