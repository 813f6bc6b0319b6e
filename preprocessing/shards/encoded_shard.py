"""`EncodedShard`: the archive of the results, written while it is taken."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from preprocessing.shards.skipped import NAME, Skipped
from preprocessing.shards.tar_writer import END, own_header, pad, renamed_header

if TYPE_CHECKING:
    from collections.abc import Iterable

    from preprocessing.shards.transform_samples import Made

# Bytes that are collected before they are handed on: a server hands each piece from thread to thread.
_PIECE = 2**20
# Seconds after which less is handed on: who waits for a piece has a deadline for it, and a sample may be
# slow to make, or small.
_PATIENCE_S = 0.25


class EncodedShard(Iterator[bytes]):
    """An archive in pieces, each made when it is asked for. The first one is the first sample.

    Parameters
    ----------
    samples : iterable of (str, sequence of Made)
        The samples' keys and members.
    skipped : Skipped
        Filled while the samples are taken.
    """

    def __init__(
        self, samples: Iterable[tuple[str, list[Made[bytes | bytearray]]]], skipped: Skipped
    ) -> None:
        self._counted, self._skipped = _Counted(samples), skipped
        self._pieces = _written(self._counted, skipped)

    @property
    def samples(self) -> int:
        """Samples written so far."""
        return self._counted.count

    @property
    def skipped(self) -> int:
        """Samples left out so far."""
        return self._skipped.count

    def __next__(self) -> bytes:
        return next(self._pieces)


class _Counted:
    """Samples, counted as they are taken. The archive's pieces refer to it and not to the archive.

    So an archive that is given up closes its source at once, not when the garbage collector comes.
    """

    def __init__(self, samples: Iterable[tuple[str, list[Made[bytes | bytearray]]]]) -> None:
        self.count = 0
        self._samples = samples

    def __iter__(self) -> Iterator[list[Made[bytes | bytearray]]]:
        for _, members in self._samples:
            self.count += 1
            yield members


def _written(samples: _Counted, skipped: Skipped) -> Iterator[bytes]:
    held, late = list[bytes | bytearray](), 0.0
    for members in samples:
        for made in members:
            held += _member(made)
        if held and (sum(map(len, held)) >= _PIECE or time.monotonic() >= late):
            yield b"".join(held)
            held, late = [], time.monotonic() + _PATIENCE_S
    if skipped.count:
        report = skipped.report()
        held += [own_header(NAME, len(report)), report, pad(report)]
    yield b"".join([*held, END])


def _member(made: Made[bytes | bytearray]) -> list[bytes | bytearray]:
    """Return a member of the result, in pieces."""
    if made.result is None:
        return [made.member.head, made.member.body, pad(made.member.body)]
    head = renamed_header(made.member.head, made.name, len(made.result))
    return [head, made.result, pad(made.result)]
