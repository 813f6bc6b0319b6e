"""What is written below a picture: shapes, texts, samples and bytes."""

from __future__ import annotations

from collections.abc import Iterator

from preprocessing.media import Array, AudioSpec
from tools.gallery.examples import Example
from tools.gallery.results import Seen, around, encoded

# Bytes of a body that are written out, and bytes in a line of them.
_BYTES, _LINE = 64, 16
_TENSORS = {"npy", "raw", "safetensors"}
_SAMPLES = {"to_dtype", "normalize"}


def listings(example: Example) -> Iterator[str]:
    """Yield the paragraphs and listings that go below an example's picture."""
    before, after = around(example)
    is_encoding = example.step == example.pipeline.encoding.name
    ends = [_described(before), _described(after)]
    if is_encoding:
        result = encoded(example)
        ends[1] = f"{len(result.body):,} bytes of `{result.content_type}`"
    facts = [" → ".join(dict.fromkeys(ends))]  # once, where it stays the same
    if example.pipeline.random:
        facts.append(f"seed {example.seed}")
    yield f"{', '.join(facts)}. {example.note}".strip()
    if before.spec.kind == "text":
        yield f"Before:\n\n{_fenced(_lines(before))}"
        yield f"After:\n\n{_fenced(result.body.decode() if is_encoding else _lines(after))}"
    if example.step in _TENSORS:
        yield f"The body begins with:\n\n{_fenced(_dump(bytes(result.body[:_BYTES])))}"
    if example.step in _SAMPLES:
        yield f"The first two pixels, before and after:\n\n{_fenced(_pixels(before, after))}"


def _described(seen: Seen) -> str:
    """Return the shape and type of a result."""
    array, spec = seen.array, seen.spec
    if spec.kind == "text":
        size = sum(map(len, array))
        return f"{_counted(len(array), 'text')} of {_counted(size, 'character')}"
    shape = f"{'×'.join(map(str, array.shape))} {array.dtype}"
    return f"{shape} at {spec.rate:,} Hz" if isinstance(spec, AudioSpec) else shape


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"


def _lines(seen: Seen) -> str:
    """Write documents one after the other, or tokens as ids and mask."""
    if seen.spec.kind == "tokens":
        ids, mask = seen.array
        return "\n".join(
            f"ids   {_row(i)}\nmask  {_row(m)}" for i, m in zip(ids, mask, strict=True)
        )
    return "\n".join(seen.array)


def _row(numbers: Array) -> str:
    return " ".join(f"{number:3}" for number in numbers)


def _pixels(before: Seen, after: Seen) -> str:
    pairs = zip(before.array[0, :2], after.array[0, :2], strict=True)
    return "\n".join(f"{_samples(old)}  →  {_samples(new)}" for old, new in pairs)


def _samples(pixel: Array) -> str:
    return " ".join(f"{s:6.3f}" if pixel.dtype.kind == "f" else f"{s:3}" for s in pixel)


def _dump(body: bytes) -> str:
    """Write bytes in hexadecimal and as characters, as ``hexdump -C``."""
    lines = []
    for start in range(0, len(body), _LINE):
        part = body[start : start + _LINE]
        shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        lines.append(f"{part.hex(' '):{3 * _LINE}} |{shown}|")
    return "\n".join(lines)


def _fenced(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```"
