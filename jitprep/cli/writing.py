"""Results written as files: whole, or not at all."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from threading import Lock

from preprocessing.cancellation import Cancelled

# Around a name while a file is written: hidden, and of the same length for any target.
_BEFORE, _BEHIND = ".jitprep-", ".part"


class FileWriter:
    """Writes files aside and renames them, so that nobody ever reads half a result.

    Attributes
    ----------
    written : set of Path
        What is there, whole.
    """

    def __init__(self) -> None:
        self.written: set[Path] = set()
        self._aside: set[Path] = set()
        self._closed = False
        self._lock = Lock()

    def write(self, target: Path, body: bytes | bytearray) -> None:
        """Write a file, and the folders that it lies in.

        Raises
        ------
        OSError
            After which nothing of it is left.
        Cancelled
            After `close`.
        """
        if target.exists() and not (target.is_file() or target.is_dir()):
            target.write_bytes(body)  # such as /dev/stdout, which must not be replaced
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
        """Take away what is half written; nothing more is begun."""
        with self._lock:
            self._closed = True
            for aside in list(self._aside):
                with suppress(OSError):
                    aside.unlink()
