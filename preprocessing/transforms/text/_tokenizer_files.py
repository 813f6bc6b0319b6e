"""Tokenizer files: find them by name, and check their digests.

A pipeline contains a name, never a path, so that its author cannot open other files with it.
"""

from __future__ import annotations

import hashlib
import os
import re
from functools import lru_cache
from pathlib import Path

from preprocessing.errors import SpecError
from preprocessing.spec.coerce import show
from preprocessing.spec.step import nearest

_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")
_VARIABLE = "JITPREP_TOKENIZERS"
_SHOWN = 20
# Gemma's file, with one of the largest vocabularies, has 33 MB.
_MOST_BYTES = 2**26


def digest(name: str) -> str:
    """Return the SHA-256 of the file of this name, in hexadecimal digits.

    Raises
    ------
    SpecError
        If the file is missing, with a list of the existing ones; or if it is too large.
    """
    path = _find(name)
    facts = path.stat()
    if facts.st_size > _MOST_BYTES:
        raise SpecError(
            f"file: {name!r} has {facts.st_size} bytes, more than the {_MOST_BYTES} that a tokenizer "
            "file may have"
        )
    return _digest(path, facts.st_mtime_ns, facts.st_size)


def read_file(name: str, wanted: str) -> bytes:
    """Return the file of this name and digest.

    Raises
    ------
    SpecError
        If the file is missing, or its digest is another.
    """
    with _find(name).open("rb") as file:
        data = file.read(_MOST_BYTES + 1)  # the file may have changed, which the digest shows
    if hashlib.sha256(data).hexdigest() != wanted:
        raise SpecError(
            f"file: {name!r} has changed since the pipeline was created; parse the pipeline again"
        )
    return data


@lru_cache(maxsize=64)
def _digest(path: Path, _changed: int, _size: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _find(name: str) -> Path:
    if _NAME.fullmatch(name) is None:
        raise SpecError(
            f"file: must be a name of letters, digits, _ and -, without .json, got {show(name)}"
        )
    folder = Path(os.environ.get(_VARIABLE) or "tokenizers").absolute()
    path = folder / f"{name}.json"
    if not path.is_file():
        names = sorted(file.stem for file in folder.glob("*.json"))
        there = ", ".join(names[:_SHOWN]) + ", ..." * (len(names) > _SHOWN)
        raise SpecError(
            f"file: no tokenizer {name!r} in the folder that {_VARIABLE} names (by default `tokenizers` "
            f"in the working directory); {f'it has {there}' if names else 'the folder has none'}",
            argument="file",
            nearest=nearest(name, names) or next(iter(names), None),
        )
    return path
