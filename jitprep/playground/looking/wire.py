"""What the page says of a source and of the answer that a reader gets, in plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jitprep.playground.items import Item


def describe_item(item: Item) -> dict[str, Any]:
    """Return the names and the size of a source."""
    nbytes = len(item.content)
    return {"name": item.name, "key": item.key, "etag": item.etag, "nbytes": nbytes}


def describe_wire(
    item: Item, nbytes: int, content_type: str, metadata: Mapping[str, str]
) -> dict[str, Any]:
    """Return the size of an answer beside its source's, its content type and its metadata."""
    return {
        "nbytes": nbytes,
        "content_type": content_type,
        "source_nbytes": len(item.content),
        "metadata": metadata,
    }
