"""Failures as Lambda's documents have them, and what libraries log, as lines of JSON."""

from __future__ import annotations

import logging
import re
import traceback
from typing import Any

from handler.runtime.log import write_log_line

# The header of an error's type.
_ERROR_TYPE = "Lambda-Runtime-Function-Error-Type"
# Frames of a traceback that are reported; a deep recursion has a thousand.
_MOST_FRAMES = 20


def describe_error(error: BaseException) -> dict[str, Any]:
    """Return an error with the members that Lambda's documents name."""
    frames = traceback.extract_tb(error.__traceback__)[-_MOST_FRAMES:]
    try:
        message = str(error)
    except Exception:  # of an own step's class: its failure must not hide the error
        message = "the error has no text"
    return {
        "errorMessage": message,
        "errorType": type(error).__name__,
        "stackTrace": traceback.format_list(frames),
    }


def error_type_header(kind: str) -> dict[str, str]:
    """Return the header of an error's type; only its ASCII letters, digits and a few signs are sent.

    A class may have a name in any alphabet, and another server's code may be anything.
    """
    return {_ERROR_TYPE: re.sub(r"[^A-Za-z0-9._-]", "_", kind)[:100]}


class _JsonLines(logging.Handler):
    """Writes what libraries log."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        found = describe_error(record.exc_info[1]) if record.exc_info and record.exc_info[1] else {}
        members = {"logger": record.name, "message": record.getMessage(), **found}
        write_log_line(record.levelname, members)


def log_as_json() -> None:
    """Write what libraries log and warn of as JSON too: Managed Instances take nothing else."""
    logging.getLogger().addHandler(_JsonLines())
    logging.captureWarnings(capture=True)
