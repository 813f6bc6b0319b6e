"""S3 Object Lambda: HeadObject. The answer is what the function returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from handler.doors import object_lambda
from jitprep.service.deadline import S3_CLIENT_TIMEOUT_S
from jitprep.service.messages import ObjectRequest, Response

_CONTEXT = "headObjectContext"


class HeadObjectDoor:
    """A HeadObject on an Object Lambda access point."""

    name = "object-lambda-head"
    client_timeout_s = S3_CLIENT_TIMEOUT_S

    def fits(self, event: Mapping[str, Any]) -> bool:
        """Whether the event has a ``headObjectContext``."""
        return _CONTEXT in event

    def parse(self, event: Mapping[str, Any]) -> ObjectRequest:
        """Read the event."""
        return object_lambda.object_request("HEAD", event, _CONTEXT)

    def reply(self, event: Mapping[str, Any], response: Response) -> dict[str, Any]:  # noqa: ARG002
        """Return the function's result."""
        if response.error_code is not None:
            return object_lambda.failure(response)
        headers: dict[str, Any] = dict(response.headers)
        if "Content-Length" in headers:  # which AWS documents as a number
            headers["Content-Length"] = int(headers["Content-Length"])
        return {"statusCode": response.status, "headers": headers}
