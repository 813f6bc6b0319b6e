"""Streamed answers: what a function sends piece by piece, while Lambda passes it on.

Lambda's format is "Response streaming for Lambda functions" in its developer guide: metadata in JSON,
eight NUL bytes, the body. A Function URL and API Gateway read the metadata; a caller of
InvokeWithResponseStream gets all of it as it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from jitprep.service.shards.body_stream import BodyStream
from preprocessing.frozen import frozen

# Lambda's mark of metadata that a Function URL or API Gateway turns into a status and headers.
HTTP_INTEGRATION = "application/vnd.awslambda.http-integration-response"
OCTETS = "application/octet-stream"
# Where the metadata ends. JSON cannot contain it.
SEPARATOR = bytes(8)


@frozen
class StreamedReply:
    """A function's result that is sent as a stream.

    Parameters
    ----------
    content_type : str
        Of the response to the Runtime API.
    head : bytes
        What goes before the body: the metadata and the separator.
    body : bytes, bytearray or BodyStream
        A stream where it is made while it is sent.
    """

    content_type: str
    head: bytes
    body: bytes | bytearray | BodyStream


def stream_head(metadata: Mapping[str, Any]) -> bytes:
    """Return the metadata of a streamed answer, and the separator."""
    return json.dumps(metadata, separators=(",", ":")).encode() + SEPARATOR
