"""Reader of a local folder: of originals, transformed in this process, or of results."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

from jitprep.reader.base import Reader, RowLayout, write_row
from jitprep.reader.copies import copied_array, find_copy, made_array, reader_kept_part
from jitprep.reader.decode import ReadResult, decode
from jitprep.reader.doors.folder import LEADS_OUT, list_folder
from jitprep.reader.errors import BadObject, CannotOpen, ReadError, Refused
from jitprep.reader.originals import layout_of, transform
from jitprep.service.results.copy_place import CopyPlace
from jitprep.service.results.kept_part import KeptPart
from jitprep.service.source.stored.folder import file_state, leads_out
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
    store : CopyPlace, optional
        Where copies of results are kept, for later reads.

    Raises
    ------
    CannotOpen
        Where the folder does not exist, or for a seed without a pipeline.
    """

    path: Path
    pipeline: Pipeline | None
    threads: int = 1
    store: CopyPlace | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.path.is_dir():
            raise CannotOpen(f"{self.path} is not a folder")
        if self.seed and self.pipeline is None:
            raise CannotOpen(
                f"{self.path} holds results, which no seed changes; omit the seed, or read originals "
                "through a pipeline"
            )
        if self.store is not None and self.pipeline is None:
            raise CannotOpen(
                f"{self.path} holds results, which need no copies; omit store=, or read originals "
                "through a pipeline"
            )

    @property
    def draws(self) -> bool:
        """Whether a seed may change results."""
        return self.pipeline is not None and self.pipeline.random

    @property
    def own_pipeline(self) -> Pipeline | None:
        """The pipeline."""
        return self.pipeline

    @property
    def computes(self) -> bool:
        """True: files are near."""
        return True

    @property
    def row_layout(self) -> RowLayout | None:
        """The pipeline's output; None if its size depends on the file."""
        return None if self.pipeline is None else layout_of(self.pipeline)

    def _get_array(self, key: str) -> Array:
        """Read one file."""
        return self._read(key, None)

    def original(self, key: str) -> bytes:
        """Return the bytes of a file. Raises as `get` does."""
        with self._errors_of(key):
            return self._regular(key)[0].read_bytes()

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
        with self._errors_of(key):
            path, status = self._regular(key)
            if self.pipeline is None:
                return decode(ReadResult(bytearray(path.read_bytes())), key)
            kept = reader_kept_part(self.store, self.pipeline)
            if kept is None:
                return transform(self.pipeline, path, Seed(self.seed, key), key, out=out)
            return self._through(kept, path, file_state(status), key, out)

    def _regular(self, key: str) -> tuple[Path, os.stat_result]:
        """Return the path of a key, which is a regular file, and its state. Raises OSError."""
        path = self._path(key)
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise self._missing(key)
        return path, status

    @contextmanager
    def _errors_of(self, key: str) -> Iterator[None]:
        """Translate the system's errors to the reader's."""
        try:
            yield
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise self._missing(key) from None
        except OSError as error:
            raise Refused(error.strerror or type(error).__name__, key=key) from None

    def _through(
        self, kept: KeptPart, path: Path, state: str, key: str, out: Array | None
    ) -> Array:
        """Return the result of a file by its copy, or make it and keep a copy."""
        seed = Seed(self.seed, key)
        name = kept.name(f"file://{self._top}/{key}", state or None)
        found = find_copy(kept, name, out)
        if found is not None:
            made = copied_array(kept, found, seed, key, out=out)
            if made is not None:
                return made
        array, copy = made_array(kept, path, seed, key, out=out)
        if name is not None and found is None and copy is not None and _is_still(path, state):
            kept.store.keep(name, copy)
        return array

    @cached_property
    def _top(self) -> str:
        return os.path.abspath(self.path)  # noqa: PTH100  as a mount of the server names it

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


def _is_still(path: Path, state: str) -> bool:
    """Whether a file is what it was before it was read."""
    try:
        return file_state(path.stat()) == state
    except OSError:
        return False


def _some(names: Collection[str]) -> str:
    """Return the first names, and the number of the others."""
    shown = ", ".join(as_text(name) for name in islice(names, _SHOWN))
    more = len(names) - _SHOWN
    return f"{shown} and {more:,} more" if more > 0 else shown
