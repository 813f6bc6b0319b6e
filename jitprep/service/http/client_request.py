"""What a client asks in HTTP's words, whichever door it comes through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from urllib.parse import parse_qs

from jitprep.service.errors import RequestFailed
from jitprep.service.http import overrides, ranges
from jitprep.service.http.conditions import Conditions
from jitprep.service.messages import ObjectRequest, PipelineChoice, Presigned

_CUSTOMER_KEY = "x-amz-server-side-encryption-customer-"


def headers_of(given: Mapping[str, object]) -> dict[str, str]:
    """Return headers as texts, their names in lower case.

    Raises
    ------
    RequestFailed
        ``InvalidRequest`` for a key of the client's own (SSE-C): the function and its log would see it,
        and S3 Object Lambda refuses those too.
    """
    headers = {str(name).lower(): str(value) for name, value in given.items()}
    if any(name.startswith(_CUSTOMER_KEY) for name in headers):
        raise RequestFailed(
            400,
            "InvalidRequest",
            "objects encrypted with a key of yours (SSE-C) cannot be read through a function",
        )
    return headers


def parameters(query: str) -> dict[str, str]:
    """Return a query's parameters, names in lower case; the first of those with one name."""
    found = parse_qs(query, keep_blank_values=True)
    return {name.lower(): values[0] for name, values in found.items()}


def choice(
    configuration: str, headers: Mapping[str, str], query: Mapping[str, str]
) -> PipelineChoice:
    """Return which pipeline runs: as configured, or as the client chooses where it may.

    Raises
    ------
    RequestFailed
        ``OverrideNotAllowed``, ``InvalidSeed``.
    """
    return PipelineChoice(
        configuration, overrides.preset(headers, query), overrides.seed(headers, query)
    )


def object_request(
    method: Literal["GET", "HEAD"],
    key: str,
    source: Presigned,
    chosen: PipelineChoice,
    headers: Mapping[str, str],
    query: Mapping[str, str],
    max_body_bytes: int | None = None,
) -> ObjectRequest:
    """Read what of an object is asked for, and under which conditions.

    Parameters
    ----------
    method : {"GET", "HEAD"}
    key : str
    source : Presigned
    chosen : PipelineChoice
    headers, query : mapping of str to str
        The client's, names in lower case.
    max_body_bytes : int, optional
        How many bytes of body the door can carry.

    Raises
    ------
    RequestFailed
        What `ranges.parse` does.
    """
    return ObjectRequest(
        method,
        key,
        source,
        chosen,
        Conditions.of(headers),
        ranges.parse(headers.get("range", query.get("range")), query.get("partnumber")),
        checksum=headers.get("x-amz-checksum-mode", "").upper() == "ENABLED",
        max_body_bytes=max_body_bytes,
    )
