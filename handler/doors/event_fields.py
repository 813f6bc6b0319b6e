"""An event's fields, of which any may be missing where somebody invokes the function by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jitprep.service.errors import RequestFailed


def table(event: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a part of the event that is a table, empty where it is left out.

    Raises
    ------
    RequestFailed
        ``InvalidEvent``.
    """
    part = event.get(name) or {}
    if not isinstance(part, Mapping):
        raise invalid(f"{name} must be a table")
    return part


def text(event: Mapping[str, Any], part: str, name: str) -> str:
    """Return a text that must be there.

    Raises
    ------
    RequestFailed
        ``InvalidEvent``.
    """
    value = table(event, part).get(name)
    if not isinstance(value, str) or not value:
        raise invalid(f"{part}.{name} is missing")
    return value


def invalid(what: str) -> RequestFailed:
    """Return the failure of an event that AWS would not send."""
    return RequestFailed(400, "InvalidEvent", f"this is not an event that AWS sends: {what}")
