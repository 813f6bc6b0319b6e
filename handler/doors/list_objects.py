"""S3 Object Lambda: ListObjects and ListObjectsV2. The answer is what the function returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from handler.doors import object_lambda
from jitprep.service.deadline import S3_CLIENT_TIMEOUT_S
from jitprep.service.messages import ListRequest, Response


class ListObjectsDoor:
    """A listing of an Object Lambda access point.

    Parameters
    ----------
    name : str
        For the log.
    context : str
        What the event calls its own part.
    """

    client_timeout_s = S3_CLIENT_TIMEOUT_S

    def __init__(self, name: str, context: str) -> None:
        self.name = name
        self._context = context

    def fits(self, event: Mapping[str, Any]) -> bool:
        """Whether the event has this door's context."""
        return self._context in event

    def parse(self, event: Mapping[str, Any]) -> ListRequest:
        """Read the event."""
        asked = object_lambda.read(event, self._context)
        return ListRequest(asked.source, asked.choice)

    def reply(self, event: Mapping[str, Any], response: Response) -> dict[str, Any]:  # noqa: ARG002
        """Return the function's result."""
        if response.error_code is not None:
            return object_lambda.failure(response)
        return {"statusCode": response.status, "listResultXml": response.body.decode()}
