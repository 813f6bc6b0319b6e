"""A folder on this machine: originals, transformed here; or results, as they are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from preprocessing import (
    CorruptSource,
    EmptySource,
    IncompatibleSource,
    LimitExceeded,
    Pipeline,
    PreprocessingError,
    Seed,
    UnknownFormat,
    UnsupportedSource,
)
from reader.base import Array, Reader
from reader.decode import Answer, decode
from reader.errors import BadObject, CannotOpen, Refused

# What the function would answer.
_CODES: tuple[tuple[type[PreprocessingError], str], ...] = (
    (EmptySource, "EmptyObject"),
    (UnknownFormat, "UnknownFormat"),
    (CorruptSource, "CorruptObject"),
    (UnsupportedSource, "UnsupportedFormat"),
    (IncompatibleSource, "IncompatibleObject"),
    (LimitExceeded, "ObjectTooLarge"),
)
_KINDS = tuple(kind for kind, _ in _CODES)


@dataclass(frozen=True, kw_only=True)
class FolderReader(Reader):
    """Files, whose paths in the folder are their keys.

    With a pipeline it gives what a read through an access point gives of the same object, random
    transforms included, if S3 has it as one part: then its ETag is the MD5 of its bytes.

    Parameters
    ----------
    path : Path
        The folder.
    pipeline : Pipeline, optional
        None for files that are results already.

    Raises
    ------
    CannotOpen
        Where there is no such folder; for a seed without a pipeline.
    """

    path: Path
    pipeline: Pipeline | None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.path.is_dir():
            raise CannotOpen(f"{self.path} is no folder")
        if self.seed and self.pipeline is None:
            raise CannotOpen(
                f"{self.path} holds results, which no seed changes: leave the seed out, or read "
                "originals through a pipeline"
            )

    def get(self, key: str) -> Array:
        """Read one file."""
        path = self._path(key)
        try:
            if self.pipeline is None:
                return decode(Answer(bytearray(path.read_bytes())), key)
            made = self.pipeline.encode(path, seed=Seed(self.seed, key))
        except _KINDS as error:
            code = next(code for kind, code in _CODES if isinstance(error, kind))
            raise BadObject(str(error), key=key, code=code) from None
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise self._missing(key) from None
        except OSError as error:
            raise Refused(error.strerror or type(error).__name__, key=key) from None
        return decode(Answer(bytearray(made.body), made.content_type, made.metadata), key)

    def keys(self, prefix: str = "") -> Iterator[str]:
        """List the files, as S3 would."""
        top = self.path / prefix.rpartition("/")[0]
        found = (
            (Path(folder) / name).relative_to(self.path).as_posix()
            for folder, _, names in os.walk(top)
            for name in names
        )
        yield from sorted((key for key in found if key.startswith(prefix)), key=str.encode)

    def _path(self, key: str) -> Path:
        """Return the file of a key: a name in the folder, of which nothing leads out."""
        names = key.split("/")
        if "\0" in key or not {"", ".", ".."}.isdisjoint(names):
            raise self._missing(key)
        return self.path.joinpath(*names)

    def _missing(self, key: str) -> BadObject:
        return BadObject(f"{self.path} has no such file", key=key, code="NoSuchKey")
