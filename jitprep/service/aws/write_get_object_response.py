"""WriteGetObjectResponse: the answer to a GetObject through S3 Object Lambda.

It is sent without AWS's SDK, which takes a millisecond of CPU to do so and 0.1 s to import.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from jitprep.service.aws.locations import object_lambda_host
from jitprep.service.config import config
from jitprep.service.errors import ReplyFailed
from jitprep.service.http_client.failures import HttpFailed
from jitprep.service.shards.body_stream import BodyStream
from jitprep.service.source.aws_credentials import find_region, signing_credentials
from jitprep.service.source.connection import pool
from jitprep.service.source.hosts import ParsedUrl
from jitprep.service.source.source_errors import s3_words
from jitprep.sigv4.signing import sign

if TYPE_CHECKING:
    from jitprep.service.http_client.answer import HttpAnswer

# How AWS's SDKs try again: at most three times in all, with pauses below a second and below two.
_MOST_TRIES, _PAUSE_S = 3, 1.0
_TRANSIENT = frozenset({429, 500, 502, 503, 504})
_THROTTLED = frozenset(
    {"RequestTimeout", "RequestTimeTooSkewed", "SlowDown", "ThrottlingException"}
)
_CONNECT_S, _STALL_S = 3.0, 60.0
_ERROR_BYTES = 64 * 2**10
# It becomes part of a host's name, and must not lead elsewhere.
_ROUTE = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")


def send_get_object_response(
    route: str, token: str, headers: Mapping[str, str], body: bytes | bytearray | BodyStream
) -> None:
    """Send the answer to the client that waits for it.

    Parameters
    ----------
    route, token : str
        The event's. The token is secret.
    headers : mapping of str to str
        ``x-amz-fwd-...`` and ``x-amz-meta-...``, by names in lower case; and ``content-length`` of a
        stream whose length is known.
    body : bytes, bytearray or BodyStream
        A stream is sent in chunks while it is made, and so only once.

    Raises
    ------
    ReplyFailed
        Where S3 refuses the answer, or it does not reach S3.
    ValueError
        For a header that HTTP cannot carry, or without credentials.
    """
    if not _ROUTE.fullmatch(route):
        raise ReplyFailed("the event's outputRoute is not a host's name")
    address, region = located(route)
    asked = {**headers, "x-amz-request-route": route, "x-amz-request-token": token}
    if not isinstance(body, BodyStream):
        asked.pop("content-length", None)
    tries = 1 if isinstance(body, BodyStream) else _MOST_TRIES
    for number in range(tries):
        if number:
            time.sleep(_PAUSE_S * 2 ** (number - 1) * random.random())  # noqa: S311
        try:
            answer = _sent(address, region, asked, body)
            document = answer.read(_ERROR_BYTES)
            answer.close()
        except HttpFailed as error:
            failure = ReplyFailed(f"WriteGetObjectResponse did not reach S3: {error}")
            continue
        # S3 may fail after it has sent the status 200; AWS's SDKs read its document, too.
        code = s3_words(document)[0] if document else ""
        if answer.status < 300 and not code:
            return
        failure = ReplyFailed(f"S3 refused WriteGetObjectResponse: {answer.status} {code}".rstrip())
        if not (answer.status < 300 or answer.status in _TRANSIENT or code in _THROTTLED):
            break
    raise failure


@lru_cache(maxsize=64)
def located(route: str) -> tuple[ParsedUrl, str]:
    """Return the URL that answers of a route are sent to, and the region to sign them for.

    Raises
    ------
    ReplyFailed
        Where the region, or the configured endpoint, is not known.
    """
    region, endpoint = find_region(), config().endpoint
    if region is None:
        raise ReplyFailed("AWS_REGION is not set")
    base = endpoint or f"https://{object_lambda_host(route, region)}"
    found = ParsedUrl.of(f"{base.rstrip('/')}/WriteGetObjectResponse")
    if found is None:
        raise ReplyFailed("AWS_ENDPOINT_URL must be the URL of a host")
    return found, region


def _sent(
    address: ParsedUrl,
    region: str,
    headers: Mapping[str, str],
    body: bytes | bytearray | BodyStream,
) -> HttpAnswer:
    """Send the request once, signed now."""
    url = f"{address.scheme}://{address.authority}{address.target}"
    signed = sign(
        "POST",
        url,
        headers,
        signing_credentials(),
        region,
        "s3-object-lambda",
        # A body that is made while it is sent has no hash to sign. TLS protects all bodies.
        payload="UNSIGNED-PAYLOAD",
    )
    signed["user-agent"] = "jitprep"
    if not isinstance(body, BodyStream):
        signed["content-length"] = str(len(body))
    elif "content-length" not in signed:
        signed["transfer-encoding"] = "chunked"
    return pool().request(
        "POST",
        address.server,
        address.target,
        signed,
        body,
        connect_s=_CONNECT_S,
        stall_s=_STALL_S,
    )
