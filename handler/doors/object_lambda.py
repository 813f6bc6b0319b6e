"""What the events of S3 Object Lambda have in common.

AWS's contract: "Event context format and usage" in the S3 user guide.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import SplitResult, unquote, urlsplit

from handler.doors import event_fields
from jitprep.service.http import client_request
from jitprep.service.messages import ObjectRequest, PipelineChoice, Presigned, Response

# RFC 9110, 5.1 and 5.5; a name in lower case.
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client asked S3 for, and where S3 says that the original is.

    Parameters
    ----------
    source : Presigned
    key : str
        Empty for a listing.
    query : mapping of str to str
        The client's parameters, names in lower case.
    headers : mapping of str to str
        The client's, names in lower case.
    choice : PipelineChoice
    """

    source: Presigned
    key: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    choice: PipelineChoice


def read(event: Mapping[str, Any], context: str) -> Asked:
    """Read an event whose own part is called `context`.

    Raises
    ------
    RequestFailed
        ``InvalidEvent``; what `client.headers_of` and `client.choice` do.
    """
    url = event_fields.text(event, context, "inputS3Url")
    key, query = _key_and_query(url, event_fields.text(event, "userRequest", "url"))
    headers = client_request.headers_of(
        event_fields.table(event_fields.table(event, "userRequest"), "headers")
    )
    payload = str(event_fields.table(event, "configuration").get("payload") or "")
    choice = client_request.choice(payload, headers, query)
    return Asked(Presigned(url, _signed(url, headers)), key, query, headers, choice)


def object_request(
    method: Literal["GET", "HEAD"], event: Mapping[str, Any], context: str
) -> ObjectRequest:
    """Read the event of a GetObject or a HeadObject. Raises what `read` does."""
    asked = read(event, context)
    return client_request.object_request(
        method, asked.key, asked.source, asked.choice, asked.headers, asked.query
    )


def _key_and_query(source_url: str, user_url: str) -> tuple[str, Mapping[str, str]]:
    """Return the object's key and the client's parameters.

    AWS gives the client's URL decoded, so that a key with a question mark in it cannot be told from a
    query by looking at it alone. The presigned URL has the key encoded, behind the bucket where that is
    in the path.
    """
    path = unquote(_split(source_url).path).removeprefix("/")
    asked = (
        user_url
        if user_url.startswith("/")
        else "/" + user_url.partition("//")[2].partition("/")[2]
    )
    for key in (path, path.partition("/")[2]):
        for target in (asked, unquote(asked)):
            if f"{target}?".startswith(f"/{key}?"):
                return key, client_request.parameters(target[len(key) + 2 :])
    plain, _, query = asked.partition("?")
    return unquote(plain).removeprefix("/"), client_request.parameters(query)


def _signed(url: str, headers: Mapping[str, str]) -> dict[str, str]:
    """Return the client's headers that the presigned URL's signature covers."""
    names = client_request.parameters(_split(url).query).get("x-amz-signedheaders", "").split(";")
    signed = {name: headers[name] for name in names if name != "host" and name in headers}
    if not all(_NAME.fullmatch(name) and _VALUE.fullmatch(signed[name]) for name in signed):
        raise event_fields.invalid("a signed header is none that HTTP can send")
    return signed


def failure(response: Response) -> dict[str, Any]:
    """Return what a function returns of an error, where it returns its answer."""
    failed: dict[str, Any] = {
        "statusCode": response.status,
        "errorCode": response.error_code,
        "errorMessage": response.error_message,
    }
    return {**failed, "headers": dict(response.headers)} if response.headers else failed


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        raise event_fields.invalid("a URL in it is malformed") from None
