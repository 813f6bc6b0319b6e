"""One HTTP request to S3, sent exactly as it was signed.

The request target is the URL's own text. Most HTTP clients remove ``.`` and ``..`` from a URL's path, as
browsers do, and rewrite its escapes: for the key ``a/../b`` they would request another object than the
one that was signed.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from jitprep.service.config import config
from jitprep.service.http_client.connection import tls_context
from jitprep.service.http_client.connection_pool import ConnectionPool
from jitprep.service.http_client.failures import HttpFailed
from jitprep.service.process.renewal import renewed_in_copies
from jitprep.service.source.aws_credentials import prepare_credentials
from jitprep.service.source.hosts import ParsedUrl
from jitprep.service.thread_pools import readers

if TYPE_CHECKING:
    from jitprep.service.http_client.answer import HttpAnswer
    from jitprep.service.messages import Presigned

_CONNECT_S = 3.0
# A connection that receives nothing for this long is replaced by another.
_STALL_S = 10.0
_LEAST_S = 0.001
# Every answer must have one of them, which says where its body ends; also the answer to a HEAD.
_LENGTHS = ("content-length", "transfer-encoding")
_DEFAULTS = {"accept-encoding": "identity", "user-agent": "jitprep"}


@cache
def pool() -> ConnectionPool:
    """Return this process's connections."""
    return ConnectionPool(2 * readers())


# A copy of this process must not read answers from its connections.
renewed_in_copies(pool.cache_clear)


def prepare_connections() -> None:
    """Do what every first request needs: AWS has TLS, whose certificates take 20 ms to read.

    Raises
    ------
    ValueError
        For an endpoint that is not a URL.
    """
    pool()
    endpoint = _endpoint()
    prepare_credentials()
    if endpoint is None or endpoint.scheme == "https":
        tls_context()


def send_request(method: str, address: ParsedUrl, source: Presigned, left: float) -> HttpAnswer:
    """Send a request, and return the answer, its body unread and not decoded.

    Where an endpoint is configured, every request goes to it, and the header ``Host`` has the URL's own
    host: so a URL that was signed for another name of the endpoint still works.

    Parameters
    ----------
    method : str
    address : ParsedUrl
    source : Presigned
    left : float
        Seconds that are left.

    Raises
    ------
    HttpFailed
    """
    headers = _DEFAULTS | {name.lower(): value for name, value in source.headers.items()}
    headers["host"] = address.authority
    answer = pool().request(
        method,
        connected(address, source).server,
        address.target,
        headers,
        connect_s=max(min(_CONNECT_S, left), _LEAST_S),
        stall_s=max(min(_STALL_S, left), _LEAST_S),
    )
    # Without a length the body ends with the connection, and truncation cannot be detected.
    if answer.status in {200, 206} and not any(map(answer.headers.__contains__, _LENGTHS)):
        answer.close()
        raise HttpFailed("the answer has no length")
    return answer


def connected(address: ParsedUrl, source: Presigned) -> ParsedUrl:
    """Return the address to connect to: the source's own, or the configured endpoint.

    Raises
    ------
    ValueError
        For an endpoint that is not a URL: no other host may be contacted instead.
    """
    return address if source.endpoint is not None else _endpoint() or address


def _endpoint() -> ParsedUrl | None:
    """Return the configured endpoint, if there is one. Raises ValueError."""
    endpoint = config().endpoint
    if not endpoint:
        return None
    found = ParsedUrl.of(endpoint)
    if found is None:  # it may have a password
        raise ValueError(
            "AWS_ENDPOINT_URL must be the URL of a host, such as http://minio:9000, without a user"
        )
    return found
