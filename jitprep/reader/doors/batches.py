"""Readers through doors behind which the server may be, which reads many objects per request."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from math import ceil

from jitprep.reader.base import Reader
from jitprep.reader.decode import ReadResult, decode
from jitprep.reader.errors import ReadError, Refused, Unavailable, Undecodable, read_error
from jitprep.reader.transport import aws, batch_answer
from jitprep.reader.transport.batch_answer import JointRows
from jitprep.reader.transport.retry import with_retries
from jitprep.reader.transport.stream import http_post
from jitprep.reader.transport.xml_errors import error_fields
from preprocessing.media import Array
from preprocessing.names import is_utf8

_MARK = "x-jitprep-batch"
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
    def _get(self, key: str) -> ReadResult:
        """Ask for one object, once."""

    @property
    @abstractmethod
    def _batch_url(self) -> str:
        """The URL that takes batches."""

    @abstractmethod
    def _batch_headers(self, body: bytes) -> dict[str, str]:
        """Return the headers that sign a batch."""

    def get(self, key: str) -> Array:
        """Read one object."""
        if not is_utf8(key):
            raise Refused("the key is not UTF-8, as keys must be", key=key)
        return decode(with_retries(partial(self._get, key)), key)

    def get_each(self, keys: Iterable[str]) -> dict[str, Array | ReadError]:
        """Read many objects, in at most `threads` requests where the server takes batches."""
        wanted = list(dict.fromkeys(keys))
        read: dict[str, Array | ReadError] = {}
        if self._facts.serves is None and len(wanted) > 1:
            read[wanted[0]] = self._tried(wanted[0])
        left = [key for key in wanted if key not in read]
        if self._facts.serves and self._facts.batches and len(left) > 1:
            read |= self._in_batches([key for key in left if key and is_utf8(key)])
        # Batches that failed were retried already. Objects that failed within one were not.
        return read | super().get_each(key for key in left if _is_left(read.get(key)))

    def _in_batches(self, keys: Sequence[str]) -> dict[str, Array | ReadError]:
        """Read in one request per thread, because each is answered by one of the server's workers."""
        rows = JointRows(keys)
        size = max(ceil(len(keys) / self.threads), _LEAST_KEYS)
        parts = [keys[start : start + size] for start in range(0, len(keys), size)]
        read: dict[str, Array | ReadError] = {}
        with ThreadPoolExecutor(min(self.threads, len(parts)) or 1) as pool:
            for part in pool.map(lambda part: self._part(part, rows), parts):
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
            http_post(self._batch_url, self._batch_headers(body), body) as answer,
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
