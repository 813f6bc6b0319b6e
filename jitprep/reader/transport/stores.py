"""Stores of originals, opened once per process, and the meaning of their errors."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from functools import lru_cache
from threading import Lock

from jitprep.reader.errors import STALE, CannotOpen, ReaderError, Unavailable, read_error
from jitprep.reader.transport.environment import client_environment
from jitprep.service.config import s3_endpoint
from jitprep.service.deadline import Deadline
from jitprep.service.errors import RequestFailed
from jitprep.service.messages import ListingName
from jitprep.service.source.aws_credentials import (
    StoreCredentials,
    find_credentials,
    find_region,
    forget_credentials,
)
from jitprep.service.source.original_store import OriginalStore
from jitprep.service.source.source_errors import NO_CREDENTIALS, StoreRefused
from jitprep.service.source.stores import SourceUrl

# Seconds that one try of a read may take.
TIMEOUT_S = 120.0
# One thread opens what all of a batch wait for. No process forks meanwhile: its child would deadlock.
_OPENING = Lock()
os.register_at_fork(
    before=_OPENING.acquire, after_in_parent=_OPENING.release, after_in_child=_OPENING.release
)


class _NoCredentials(Exception):
    """Credentials could not be loaded, for the reason in the message."""


class _Credentials:
    """What AWS's SDKs find, and why it could not be loaded, which obstore does not pass on."""

    def __init__(self) -> None:
        self.failure: _NoCredentials | None = None

    def __call__(self) -> StoreCredentials:
        try:
            found = find_credentials()
        except Exception as error:
            self.failure = _NoCredentials(str(error))
            raise self.failure from None
        self.failure = None
        return found


_credentials = _Credentials()


def shared_store(url: SourceUrl, endpoint_url: str | None) -> OriginalStore:
    """Return the store of this process.

    Raises
    ------
    CannotOpen
        Where it cannot be opened as it is configured, such as an Azure container without an account.
    """
    with _OPENING:
        return _store(url, endpoint_url, client_environment())


def listing_page(url: SourceUrl, endpoint_url: str | None, query: Mapping[str, str]) -> bytes:
    """Return a page of a store's listing, as S3's XML, for the query of ListObjectsV2.

    Raises
    ------
    ReadError
    """
    asked = {name: value for name, value in query.items() if name != "list-type"}
    page, deadline = ListingName("", asked), Deadline(time.monotonic() + TIMEOUT_S)
    try:
        return shared_store(url, endpoint_url).list_page(page, url.host, deadline, tries=1)
    except Exception as error:
        raise as_reader_error(error, None) from None


def forget_stores() -> None:
    """Make the next read look for credentials again, after they were refused or missing."""
    with _OPENING:
        _store.cache_clear()
        forget_credentials()


@lru_cache(maxsize=8)
def _store(
    url: SourceUrl,
    endpoint_url: str | None,
    environment: tuple[object, ...],  # noqa: ARG001
) -> OriginalStore:
    is_s3 = url.scheme == "s3"
    try:
        return OriginalStore.open(
            url,
            endpoint=(endpoint_url or s3_endpoint()) if is_s3 else None,
            region=find_region() if is_s3 else None,
            credentials=_credentials if is_s3 else None,
            timeout_s=TIMEOUT_S,
        )
    except ValueError as error:
        raise CannotOpen(str(error)) from None


def as_reader_error(error: Exception, key: str | None) -> Exception:
    """Return a failure of the service as a `ReadError` about `key`; any other exception as it is.

    Credentials may have been loaded, by a program, a file or a service. Any error of theirs may pass, so
    it is `Unavailable`.
    """
    if isinstance(error, ReaderError):
        return error
    if (missing := _missing_credentials(error)) is not None:
        forget_stores()
        return Unavailable(str(missing), key=key, code="NoCredentials")
    if not isinstance(error, RequestFailed):
        return error
    code = error.code
    if isinstance(error, StoreRefused) and (error.reason or "").isalnum():
        code = error.reason or code
    if code in STALE:
        forget_stores()
    return read_error(error.status, code, error.message, key)


def _missing_credentials(error: Exception) -> _NoCredentials | None:
    if isinstance(error, _NoCredentials):
        return error
    # A refusal of S3's own has a code.
    own = isinstance(error, StoreRefused) and error.reason in {None, NO_CREDENTIALS}
    return _credentials.failure if own else None
