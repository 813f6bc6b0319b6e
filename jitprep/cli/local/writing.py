"""Atomic writing of result files."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from threading import Lock

from preprocessing.cancellation import Cancelled

# Affixes of a temporary name: hidden, and of the same length for any target.
_BEFORE, _BEHIND = ".jitprep-", ".part"


class FileWriter:
    """Writer that writes a temporary file and renames it, so that no reader sees a partial result.

    Attributes
    ----------
    written : set of Path
        Targets that were written completely.
    """

    def __init__(self) -> None:
        self.written: set[Path] = set()
        self._aside: set[Path] = set()
        self._closed = False
        self._lock = Lock()

    def write(self, target: Path, body: bytes | bytearray) -> None:
        """Write a file, and create its folders.

        Raises
        ------
        OSError
            Where it cannot be written; the temporary file is removed.
        Cancelled
            After `close`.
        """
        if target.exists() and not (target.is_file() or target.is_dir()):
            target.write_bytes(body)  # a device such as /dev/stdout must not be replaced
            self.written.add(target)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = target.with_name(f"{_BEFORE}{secrets.token_hex(8)}{_BEHIND}")
        with self._lock:
            if self._closed:
                raise Cancelled
            self._aside.add(aside)
            number = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            with open(number, "wb") as file:  # noqa: PTH123  it is open already
                file.write(body)
            with self._lock:
                if self._closed:
                    raise Cancelled
                aside.replace(target)
                self.written.add(target)
        finally:
            with suppress(FileNotFoundError):
                aside.unlink()
            self._aside.discard(aside)

    def close(self) -> None:
        """Remove partial files, and refuse further writes."""
        with self._lock:
            self._closed = True
            for aside in list(self._aside):
                with suppress(OSError):
                    aside.unlink()
