"""The original object, read from its presigned URL."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from xml.etree import ElementTree

import urllib3

from handler.config import config
from handler.errors import RequestFailed, out_of_time

if TYPE_CHECKING:
    from handler.exchange import Deadline, Request

_CHUNK = 2**20
_CONNECT_S = 3.0
# S3's errors are a few hundred bytes of XML.
_ERROR_BYTES = 64 * 1024
# S3's own hosts: virtual-hosted or not, access points, FIPS, dual stack, China. Other services live
# under amazonaws.com too, some with names that their users choose.
_S3_HOST = re.compile(
    r"(?:[a-z0-9.-]+\.)?s3(?:-accesspoint)?(?:-fips)?(?:\.dualstack)?"
    r"(?:\.[a-z]{2}(?:-[a-z]+)+-\d)?\.amazonaws\.com(?:\.cn)?"
)
# A refused connection or a 5xx is worth another try, briefly; redirects are never followed.
_RETRY = urllib3.Retry(
    total=2,
    redirect=0,
    read=0,
    status_forcelist=(500, 502, 503, 504),
    backoff_factor=0.1,
    raise_on_redirect=False,
    raise_on_status=False,
)


@dataclass(frozen=True, slots=True)
class Original:
    """An object whose headers have come and whose body has not been read.

    Parameters
    ----------
    etag : str
        As S3 sent it, in quotes.
    last_modified : datetime, optional
    """

    etag: str
    last_modified: datetime | None
    _response: urllib3.BaseHTTPResponse
    _deadline: Deadline

    def read(self, limit: int) -> bytes:
        """Return the body.

        Raises
        ------
        RequestFailed
            ``ObjectTooLarge`` before anything is read where S3 tells the length, ``SourceUnavailable``
            where the connection breaks, ``DeadlineExceeded``.
        """
        length = int(self._response.headers.get("Content-Length") or 0)
        if length > limit:
            raise _too_large(length, limit)
        chunks, total = [], 0
        with _explaining():
            for chunk in self._response.stream(_CHUNK):
                require_time(self._deadline)
                total += len(chunk)
                if total > limit:
                    raise _too_large(total, limit)
                chunks.append(chunk)
        return b"".join(chunks)


@contextmanager
def fetch(request: Request, deadline: Deadline) -> Iterator[Original]:
    """Open the original.

    Raises
    ------
    RequestFailed
        With S3's own status, code and message where S3 refuses; ``SourceNotAllowed`` for a URL that is
        not S3's; ``SourceUnavailable`` where S3 cannot be reached; ``DeadlineExceeded``.
    """
    _allow(request.source_url)
    require_time(deadline)
    with _explaining():
        response = pool().request(
            "GET",
            request.source_url,
            headers=dict(request.source_headers),
            timeout=urllib3.Timeout(connect=min(_CONNECT_S, deadline.left), read=deadline.left),
            retries=_RETRY,
            preload_content=False,
        )
    try:
        if response.status != 200:
            raise _refused(response)
        modified = response.headers.get("Last-Modified")
        yield Original(
            etag=response.headers.get("ETag", ""),
            last_modified=parsedate_to_datetime(modified) if modified else None,
            _response=response,
            _deadline=deadline,
        )
    finally:
        # A body that was read to its end has given its connection back already; of one that was not,
        # the rest is not worth waiting for.
        response.close()


def require_time(deadline: Deadline) -> None:
    """Raise RequestFailed, ``DeadlineExceeded``, unless there is time left."""
    if deadline.left <= 0:
        raise out_of_time()


@cache
def pool() -> urllib3.PoolManager:
    """Return the pooled connections, made once a process.

    Where an endpoint is configured it is the plain-HTTP proxy of every read: it is then the only host
    that is ever contacted, and a URL that was signed for another name of it still works.
    """
    # urllib3 warns of each retry with the whole URL, signature and all, and Lambda keeps what it says.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    endpoint = config().endpoint
    return urllib3.ProxyManager(endpoint) if endpoint else urllib3.PoolManager()


def _allow(url: str) -> None:
    if config().endpoint:
        return
    parts = urlsplit(url)
    host = parts.hostname or ""
    plain = parts.username is None and parts.port in (None, 443)
    if parts.scheme != "https" or not plain or not _S3_HOST.fullmatch(host):
        raise RequestFailed(
            403,
            "SourceNotAllowed",
            "inputS3Url must be https on an S3 host; for anything else set AWS_ENDPOINT_URL",
        )


def _too_large(size: int, limit: int) -> RequestFailed:
    return RequestFailed(
        400,
        "ObjectTooLarge",
        f"the object has {size} bytes or more, and the limit is {limit}; raise JITPREP_MAX_BYTES or "
        "store a smaller object",
    )


@contextmanager
def _explaining() -> Iterator[None]:
    try:
        yield
    except urllib3.exceptions.HTTPError as error:
        # The error's own words may hold the presigned URL, so only its type is told.
        raise RequestFailed(
            503,
            "SourceUnavailable",
            f"S3 could not be read ({type(error).__name__}); try again, and see whether the endpoint "
            "is up",
        ) from None


def _refused(response: urllib3.BaseHTTPResponse) -> RequestFailed:
    with _explaining():
        body = response.read(_ERROR_BYTES)
    code, message = "", ""
    try:
        root = ElementTree.fromstring(body)  # noqa: S314  # S3's own words, bounded
        code, message = root.findtext("Code", ""), root.findtext("Message", "")
    except ElementTree.ParseError:
        pass
    return RequestFailed(
        response.status,
        code or "SourceRefused",
        message or f"S3 answered the read of the original with status {response.status}",
    )
