"""Reader of a local folder: of originals, transformed in this process, or of results."""

from __future__ import annotations

import logging
import stat
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from jitprep.reader.base import Reader, RowLayout, write_row
from jitprep.reader.decode import ReadResult, decode
from jitprep.reader.doors.folder import LEADS_OUT, list_folder
from jitprep.reader.errors import BadObject, CannotOpen, ReadError, Refused
from jitprep.reader.originals import layout_of, transform
from jitprep.service.source.stored.folder import leads_out
from preprocessing import Pipeline, Seed
from preprocessing.media import Array
from preprocessing.names import as_text, is_utf8

# Names that an error or a log line shows.
_SHOWN = 3

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class FolderReader(Reader):
    """Reader of files, whose paths in the folder are their keys.

    With a pipeline, results equal those of an access point for the same object, random transforms
    included, if the object was uploaded in one part: then its ETag is the MD5 of its bytes.

    Parameters
    ----------
    path : Path
        The folder.
    pipeline : Pipeline, optional
        None where the files are results.
    threads : int
        Files that are transformed at once. More than one thread gains nothing beside other processes
        that compute, such as a DataLoader's workers: they would take turns for Python's lock.

    Raises
    ------
    CannotOpen
        Where the folder does not exist, or for a seed without a pipeline.
    """

    path: Path
    pipeline: Pipeline | None
    threads: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.path.is_dir():
            raise CannotOpen(f"{self.path} is not a folder")
        if self.seed and self.pipeline is None:
            raise CannotOpen(
                f"{self.path} holds results, which no seed changes; omit the seed, or read originals "
                "through a pipeline"
            )

    @property
    def draws(self) -> bool:
        """Whether a seed may change results."""
        return self.pipeline is not None and self.pipeline.random

    @property
    def computes(self) -> bool:
        """True: files are near."""
        return True

    @property
    def row_layout(self) -> RowLayout | None:
        """The pipeline's output; None if its size depends on the file."""
        return None if self.pipeline is None else layout_of(self.pipeline)

    def get(self, key: str) -> Array:
        """Read one file."""
        return self._read(key, None)

    def read_into(self, keys: Sequence[str], out: Array | None) -> dict[int, Array | ReadError]:
        """Read files into the rows of an array, one after the other, and without a copy."""
        apart: dict[int, Array | ReadError] = {}
        fits = out is not None and self.row_layout == (out.shape[1:], out.dtype.name)
        for position, key in enumerate(keys):
            row = out[position] if fits and out is not None else None
            try:
                made = self._read(key, row)
            except ReadError as error:
                apart[position] = error
                continue
            if made is not row and not write_row(made, out, position):
                apart[position] = made
        return apart

    def _read(self, key: str, out: Array | None) -> Array:
        """Return the result of a file, which is written to `out` where the pipeline can do that."""
        path = self._path(key)
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                raise self._missing(key)
            if self.pipeline is None:
                return decode(ReadResult(bytearray(path.read_bytes())), key)
            return transform(self.pipeline, path, Seed(self.seed, key), key, out=out)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise self._missing(key) from None
        except OSError as error:
            raise Refused(error.strerror or type(error).__name__, key=key) from None

    def keys(self, prefix: str = "") -> Iterator[str]:
        """List the files in S3's order; links are followed within the folder.

        Raises
        ------
        Refused
            Where a folder cannot be read, or a link points outside of this one; both are named.
        """
        found = list_folder(self.path, prefix, stay=True)
        if found.unreadable:
            why = next(iter(found.unreadable.values()))
            names = [name for name, reason in found.unreadable.items() if reason == why]
            raise Refused(f"{self.path}: {_some(names)} cannot be read: {why}")
        if found.left_out:
            what = "hidden files, and links to a folder above them, are not listed"
            _log.warning("%s: %s: %s", self.path, what, _some(found.left_out))
        yield from found.keys

    def _path(self, key: str) -> Path:
        """Return the path of a key. No name and no link may leave the folder."""
        names = key.split("/")
        if not is_utf8(key):
            raise BadObject(
                "the name is not UTF-8, as keys must be; rename the file",
                key=key,
                code="UnsupportedFormat",
            )
        if "\0" in key or not {"", ".", ".."}.isdisjoint(names):
            raise self._missing(key)
        if leads_out(self.path, names):
            raise Refused(LEADS_OUT, key=key)
        return self.path.joinpath(*names)

    def _missing(self, key: str) -> BadObject:
        return BadObject(f"{self.path} has no such file", key=key, code="NoSuchKey")


def _some(names: Collection[str]) -> str:
    """Return the first names, and the number of the others."""
    shown = ", ".join(as_text(name) for name in islice(names, _SHOWN))
    more = len(names) - _SHOWN
    return f"{shown} and {more:,} more" if more > 0 else shown
