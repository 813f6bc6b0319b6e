"""The doors: each is a codec between one shape of event and `Request` and `Response`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from handler.doors.batch_operations import BatchOperationsDoor
from handler.doors.http import (
    FUNCTION_URL_DOOR,
    HTTP_API_DOOR,
    REST_API_DOOR,
    STREAMING_FUNCTION_URL_DOOR,
    STREAMING_REST_API_DOOR,
)
from handler.doors.invoke import InvokeDoor
from handler.doors.object_lambda import GET_OBJECT, HEAD_OBJECT, LIST_OBJECTS, LIST_OBJECTS_V2
from jitprep.service.messages import Request, Response


class Door(Protocol):
    """A pure codec: it reads no configuration, signs no URL and fetches nothing.

    Attributes
    ----------
    name : str
        For the log.
    client_timeout_s : float
        Seconds that its clients wait for an answer.
    """

    name: str
    client_timeout_s: float

    def fits(self, event: Mapping[str, Any]) -> bool:
        """Return whether `event` came through this door; no event may fit two."""

    def parse(self, event: Mapping[str, Any]) -> Request:
        """Return what `event` asks for. Raises RequestFailed where it is malformed."""

    def reply(self, event: Mapping[str, Any], response: Response) -> Any:
        """Send the response the way this door's clients expect; return the function's result.

        That is a `StreamedReply` where the function's runtime client is to stream it.
        """


_ALWAYS_WHOLE: Sequence[Door] = [
    GET_OBJECT,
    HEAD_OBJECT,
    LIST_OBJECTS,
    LIST_OBJECTS_V2,
    HTTP_API_DOOR,
    BatchOperationsDoor(),
]
# Of a function whose runtime client returns an answer whole, and of one whose client can stream it.
DOORS: Sequence[Door] = [
    *_ALWAYS_WHOLE,
    FUNCTION_URL_DOOR,
    REST_API_DOOR,
    InvokeDoor(),
]
STREAMING_DOORS: Sequence[Door] = [
    *_ALWAYS_WHOLE,
    STREAMING_FUNCTION_URL_DOOR,
    STREAMING_REST_API_DOOR,
    InvokeDoor(streams=True),
]
