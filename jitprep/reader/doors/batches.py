"""Readers through doors behind which the server may be, which reads many objects per request."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import ceil

from jitprep.reader.base import Reader
from jitprep.reader.errors import ReadError, Refused, Unavailable, Undecodable, read_error
from jitprep.reader.threads import in_threads
from jitprep.reader.transport import aws, batch_answer
from jitprep.reader.transport.receiving import JointRows
from jitprep.reader.transport.retry import with_retries
from jitprep.reader.transport.stream import http_request
from jitprep.reader.transport.xml_errors import error_fields
from preprocessing.media import Array
from preprocessing.names import is_utf8

_MARK = "x-jitprep-batch"
_JSON = {"Content-Type": "application/json"}
# Requests for fewer objects than this would cost more than they save.
_LEAST_KEYS = 4


@dataclass(eq=False, slots=True)
class ServerFacts:
    """What a reader learns from answers.

    Parameters
    ----------
    serves : bool, optional
        Whether the server answers, by its header; None before the first answer.
    batches : bool
        Whether batches reach it: a CDN in front of it may let through reads only.
    keyed : bool
        Whether it wants signatures.
    """

    serves: bool | None = None
    batches: bool = True
    keyed: bool = False

    def learn(self, status: int, headers: Mapping[str, str]) -> None:
        """Learn from an answer. An error without the header may be that of a proxy on the way."""
        if _MARK in headers:
            self.serves = True
        elif status == 200 and self.serves is None:
            self.serves = False


@dataclass(frozen=True, kw_only=True)
class BatchReader(Reader):
    """Reader that reads many objects per request, once an answer says that the server is there.

    The address does not say so. The first object of the first batch is therefore read by itself, unless
    the reader has listed or read before.

    Parameters
    ----------
    preset : str, optional
        Preset to run; None for the default.
    """

    preset: str | None
    _facts: ServerFacts = field(default_factory=ServerFacts, repr=False, compare=False)

    @abstractmethod
    def _get(self, key: str, rows: JointRows | None) -> Array:
        """Ask for one object, once; put it into its row, if there are rows."""

    @property
    @abstractmethod
    def _batch_url(self) -> str:
        """The URL that takes batches."""

    @abstractmethod
    def _batch_headers(self, body: bytes) -> dict[str, str]:
        """Return the headers that sign a batch."""

    def _get_array(self, key: str) -> Array:
        """Read one object."""
        return self._read(key, None)

    def get_each(self, keys: Iterable[str]) -> dict[str, Array | ReadError]:
        """Read many objects, in at most `threads` requests where the server takes batches."""
        wanted = list(dict.fromkeys(keys))
        return self._each(wanted, None)

    def read_into(self, keys: Sequence[str], out: Array | None) -> dict[int, Array | ReadError]:
        """Read many objects; samples are received straight into the rows of `out`."""
        if out is None:
            return super().read_into(keys, None)
        rows = JointRows(keys, out)
        return rows.apart(self._each(list(dict.fromkeys(keys)), rows))

    def _each(self, wanted: Sequence[str], rows: JointRows | None) -> dict[str, Array | ReadError]:
        """Read many objects into rows; without rows, those of batches into an array of their own."""
        read: dict[str, Array | ReadError] = {}
        if self._facts.serves is None and len(wanted) > 1:
            read |= self._singly(wanted[:1], rows)
        left = [key for key in wanted if key not in read]
        if self._facts.serves and self._facts.batches and len(left) > 1:
            sent = [key for key in left if key and is_utf8(key)]
            read |= self._in_batches(sent, rows or JointRows(sent))
        # Batches that failed were retried already. Objects that failed within one were not.
        read |= self._singly([key for key in left if _is_left(read.get(key))], rows)
        return {key: read[key] for key in wanted}

    def _singly(self, keys: Sequence[str], rows: JointRows | None) -> dict[str, Array | ReadError]:
        """Read in one request per object."""

        def read(key: str) -> Array | ReadError:
            try:
                return self._read(key, rows)
            except ReadError as error:
                return error

        return dict(zip(keys, in_threads(read, keys, self.threads), strict=True))

    def _read(self, key: str, rows: JointRows | None) -> Array:
        if not is_utf8(key):
            raise Refused("the key is not UTF-8, as keys must be", key=key)
        return with_retries(partial(self._get, key, rows))

    def _in_batches(self, keys: Sequence[str], rows: JointRows) -> dict[str, Array | ReadError]:
        """Read in one request per thread, because each is answered by one of the server's workers."""
        size = max(ceil(len(keys) / self.threads), _LEAST_KEYS)
        parts = [keys[start : start + size] for start in range(0, len(keys), size)]
        read: dict[str, Array | ReadError] = {}
        for part in in_threads(partial(self._part, rows=rows), parts, self.threads):
            read |= part
        return read

    def _part(self, keys: Sequence[str], rows: JointRows) -> dict[str, Array | ReadError]:
        read: dict[str, Array | ReadError] = {}

        def ask() -> None:
            if left := [key for key in keys if key not in read]:
                self._post(left, rows, read)

        try:
            with_retries(ask)
        except Undecodable as error:
            return dict.fromkeys(keys, error)
        except ReadError as error:
            if self._facts.batches:
                return dict.fromkeys(keys, error) | read
        return read

    def _post(
        self, keys: Sequence[str], rows: JointRows, read: dict[str, Array | ReadError]
    ) -> None:
        asked = {"keys": keys, "seed": self.seed, "pipeline": self.preset}
        body = json.dumps({name: value for name, value in asked.items() if value}).encode()
        with (
            aws.translate_errors(None),
            http_request(
                "POST", self._batch_url, _JSON | self._batch_headers(body), body
            ) as answer,
        ):
            if answer.status != 200:
                error = read_error(
                    answer.status, *error_fields(answer.read(), "Unknown", answer.reason)
                )
                if isinstance(error, Refused) and _MARK not in answer.headers:
                    self._facts.batches = False
                raise error
            batch_answer.receive(answer, keys, rows, read)


def _is_left(result: Array | ReadError | None) -> bool:
    return result is None or (isinstance(result, Unavailable) and result.key is not None)
