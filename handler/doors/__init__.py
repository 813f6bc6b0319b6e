"""Doors: each is a codec between one shape of event and `Request` and `Response`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from handler.doors.batch_operations import BatchOperationsDoor
from handler.doors.get_object import GetObjectDoor
from handler.doors.head_object import HeadObjectDoor
from handler.doors.http import HttpDoor
from handler.doors.invoke import InvokeDoor
from handler.doors.list_objects import ListObjectsDoor
from jitprep.service.deadline import LAMBDA_CLIENT_TIMEOUT_S
from jitprep.service.messages import Request, Response


class Door(Protocol):
    """A way in: its name for the log, and how many seconds its callers wait for an answer."""

    name: str
    client_timeout_s: float

    def fits(self, event: Mapping[str, Any]) -> bool:
        """Whether `event` came through this door."""

    def parse(self, event: Mapping[str, Any]) -> Request:
        """Read the event. Raises RequestFailed where a field is missing."""

    def reply(self, event: Mapping[str, Any], response: Response) -> Any:
        """Send the response the way this door's callers expect; return the function's result."""


DOORS: tuple[Door, ...] = (
    GetObjectDoor(),
    HeadObjectDoor(),
    ListObjectsDoor("object-lambda-list", "listObjectsContext"),
    ListObjectsDoor("object-lambda-list-v2", "listObjectsV2Context"),
    HttpDoor("function-url", LAMBDA_CLIENT_TIMEOUT_S, encoded=True),
    HttpDoor("http-api", 30.0, encoded=False),
    BatchOperationsDoor(),
    InvokeDoor(),
)


def choose(event: object) -> Door:
    """Return the door that `event` came through.

    Raises
    ------
    ValueError
        For an event of no known shape.
    """
    if isinstance(event, Mapping):
        for door in DOORS:
            if door.fits(event):
                return door
    shape = sorted(event) if isinstance(event, Mapping) else type(event).__name__
    raise ValueError(
        f"this event fits none of the doors ({', '.join(door.name for door in DOORS)}): {shape}"
    )
