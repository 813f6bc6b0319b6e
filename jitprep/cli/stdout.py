"""Standard output that cannot be written, such as to a full disk: one line, and exit status 1."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from io import TextIOWrapper
from typing import NoReturn


def replace_unknown() -> None:
    """Print a question mark for each character that the terminal's encoding lacks."""
    if isinstance(sys.stdout, TextIOWrapper) and sys.stdout.encoding.lower() != "utf-8":
        sys.stdout.reconfigure(errors="replace")


def flush() -> None:
    """Write what is buffered, and end the process where that fails."""
    if sys.stdout is None:  # it was closed before the process began
        return
    try:
        sys.stdout.flush()
    except OSError as error:
        fail_unwritten(error)


def fail_unwritten(error: OSError) -> NoReturn:
    """Report that standard output cannot be written, and end with status 1."""
    # The buffer keeps what was not written, and Python would try again, and fail, as it ends.
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.stderr.write(f"error: standard output cannot be written: {error.strerror}\n")
    sys.exit(1)
