"""What a client asks for in HTTP's terms, by headers and query parameters, through any door."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from urllib.parse import parse_qs

from jitprep.service.errors import RequestFailed
from jitprep.service.http import ranges
from jitprep.service.http.conditions import HEADERS, Conditions
from jitprep.service.lambda_limits import BodyLimit
from jitprep.service.messages import ObjectName, ObjectRequest, PipelineChoice, Presigned
from preprocessing.rng import LARGEST_SEED

EXPECTED_OWNER = "x-amz-expected-bucket-owner"
_CUSTOMER_KEY = "x-amz-server-side-encryption-customer-"


def headers_of(given: object) -> dict[str, str]:
    """Return an event's headers as strings, their names in lower case; none where `given` is empty.

    Raises
    ------
    RequestFailed
        ``InvalidEvent`` where `given` is not a table; ``InvalidRequest`` for a key of the client's own
        (SSE-C): the function and its log would see it, and S3 Object Lambda refuses those too.
    """
    table = given or {}
    if not isinstance(table, Mapping):
        raise RequestFailed(400, "InvalidEvent", "the event's headers must be a JSON object")
    headers = {str(name).lower(): str(value) for name, value in table.items()}
    if any(name.startswith(_CUSTOMER_KEY) for name in headers):
        raise RequestFailed(
            400,
            "InvalidRequest",
            "objects encrypted with a customer-provided key (SSE-C) cannot be read through a function",
        )
    return headers


def parameters(query: str) -> dict[str, str]:
    """Return a query's parameters, names in lower case; the first of those that share a name."""
    found = parse_qs(query, keep_blank_values=True)
    return {name.lower(): values[0] for name, values in found.items()}


def choice(
    configuration: str, headers: Mapping[str, str], query: Mapping[str, str]
) -> PipelineChoice:
    """Return which pipeline runs: as configured, or as the client asks.

    A client overrides by header or by parameter: ``x-jitprep-seed: 3`` or ``?seed=3``, and
    ``x-jitprep-pipeline`` or ``pipeline`` with the name of a preset.

    Raises
    ------
    RequestFailed
        ``InvalidSeed``.
    """
    preset = headers.get("x-jitprep-pipeline") or query.get("pipeline")
    seed = headers.get("x-jitprep-seed") or query.get("seed")
    asked = {"pipeline": preset, "seed": seed}
    overrides = frozenset(name for name, value in asked.items() if value is not None)
    return PipelineChoice(configuration, preset, 0 if seed is None else parse_seed(seed), overrides)


def parse_seed(text: str) -> int:
    """Return the seed that `text` spells. Raises RequestFailed, ``InvalidSeed``."""
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and int(text) <= LARGEST_SEED):
        raise RequestFailed(
            400, "InvalidSeed", f"the seed must be a whole number from 0 to {LARGEST_SEED}"
        )
    return int(text)


def object_request(
    method: Literal["GET", "HEAD"],
    key: str,
    source: Presigned | ObjectName,
    chosen: PipelineChoice,
    headers: Mapping[str, str],
    query: Mapping[str, str],
    body_limit: BodyLimit | None = None,
) -> ObjectRequest:
    """Return a request for an object, or a part of it, under the client's conditions.

    Parameters
    ----------
    method : {"GET", "HEAD"}
    key : str
    source : Presigned or ObjectName
    chosen : PipelineChoice
    headers, query : mapping of str to str
        The client's, names in lower case.
    body_limit : BodyLimit, optional
        What the door can carry; None for anything, as a stream too.

    Raises
    ------
    RequestFailed
        What `ranges.parse_part` raises.
    """
    byte_range, part = headers.get("range", query.get("range")), query.get("partnumber")
    return ObjectRequest(
        method,
        key,
        source,
        chosen,
        Conditions.of(headers) if HEADERS & headers.keys() else None,
        None if byte_range is None and part is None else ranges.parse_part(byte_range, part),
        checksum=headers.get("x-amz-checksum-mode", "").upper() == "ENABLED",
        body_limit=body_limit,
    )
