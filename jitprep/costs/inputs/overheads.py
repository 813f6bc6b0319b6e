"""Measured figures of what a read takes beside its transform, from a file with machine and date.

``python -m bench.overheads`` measures them and writes the file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

SHIPPED_OVERHEADS = Path(__file__).with_name("overheads.toml")


@dataclass(frozen=True, slots=True)
class Overhead:
    """What a way of reading takes beside the transform, per sample.

    Parameters
    ----------
    ms : float
        CPU time in milliseconds where the sample is made, beside the transform.
    mb_ms : float
        The same for each 10^6 bytes of the result.
    receive_ms : float
        CPU time of the training host, to receive a result into a batch.
    receive_mb_ms : float
        The same for each 10^6 bytes of the result; of an original where the host itself transforms it.
    log_bytes : float
        Bytes of log lines where the sample is made.
    """

    ms: float
    mb_ms: float
    receive_ms: float
    receive_mb_ms: float
    log_bytes: float

    def cpu_ms(self, nbytes: float) -> float:
        """Return the CPU time where a sample is made, for a result of `nbytes`."""
        return self.ms + self.mb_ms * nbytes / 10**6

    def receiving_ms(self, nbytes: float) -> float:
        """Return the CPU time of the training host for a body of `nbytes`."""
        return self.receive_ms + self.receive_mb_ms * nbytes / 10**6


@dataclass(frozen=True, slots=True)
class Overheads:
    """Overheads of every way of reading, and when and where they were measured.

    Parameters
    ----------
    date, machine : str
    object_lambda, function_url, streamed_url, invoke, server : Overhead
        A GET through an access point, of a Function URL that buffers and of one that streams; a row of a
        batched Invoke; and a row of a batch from `jitprep serve`.
    shard_object_lambda, shard_streamed_url, shard_server : Overhead
        A sample of a shard of a thousand.
    original, shard_original : Overhead
        An original that the training host transforms itself, of S3, and of a shard there. The transform
        is not counted; nothing is made elsewhere.
    copy, shard_copy, disk_copy : Overhead
        A stored result: an object of S3, a sample of a shard there, and a file of the host's own disk.
    """

    date: str
    machine: str
    object_lambda: Overhead
    function_url: Overhead
    streamed_url: Overhead
    invoke: Overhead
    server: Overhead
    shard_object_lambda: Overhead
    shard_streamed_url: Overhead
    shard_server: Overhead
    original: Overhead
    shard_original: Overhead
    copy: Overhead
    shard_copy: Overhead
    disk_copy: Overhead


OVERHEADS = tuple(field.name for field in fields(Overheads) if field.type == "Overhead")


def load_overheads(path: Path = SHIPPED_OVERHEADS) -> Overheads:
    """Return the overheads in a file that ``python -m bench.overheads`` wrote."""
    return parse_overheads(tomllib.loads(path.read_text(encoding="utf-8")))


def parse_overheads(table: Mapping[str, Any]) -> Overheads:
    """Return the overheads in a table, as of the file or of an estimate's JSON."""
    made = {name: Overhead(**table[name]) for name in OVERHEADS}
    return Overheads(date=table["date"], machine=table["machine"], **made)
