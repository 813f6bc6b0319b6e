"""The action of a request through an access point, from its method, key and query."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

# Query parameters that read a property of the object or the bucket, not its contents. S3 ignores
# unknown parameters, so a function may define its own.
OBJECT_SUBRESOURCES = frozenset(
    {"acl", "annotation", "attributes", "legal-hold", "retention", "tagging", "torrent", "uploadId"}
)
BUCKET_SUBRESOURCES = frozenset(
    {
        "abac",
        "accelerate",
        "acl",
        "analytics",
        "cors",
        "encryption",
        "intelligent-tiering",
        "inventory",
        "lifecycle",
        "location",
        "logging",
        "metadataConfiguration",
        "metadataTable",
        "metrics",
        "notification",
        "object-lock",
        "ownershipControls",
        "policy",
        "policyStatus",
        "publicAccessBlock",
        "replication",
        "requestPayment",
        "session",
        "tagging",
        "uploads",
        "versioning",
        "versions",
        "website",
    }
)


class Action(StrEnum):
    """An action that a function may answer, as an access point's configuration names it."""

    GET_OBJECT = "GetObject"
    HEAD_OBJECT = "HeadObject"
    LIST_OBJECTS = "ListObjects"
    LIST_OBJECTS_V2 = "ListObjectsV2"

    @property
    def context(self) -> str:
        """The event's field for the action, for example ``getObjectContext``."""
        return f"{self[0].lower()}{self[1:]}Context"


def action_of(method: str, key: str, query: Collection[tuple[str, str]]) -> Action | None:
    """Return the action of a request; None if S3 itself answers it.

    Parameters
    ----------
    method, key
        The request's method and key; an empty key is the whole bucket.
    query
        The query's parameters, decoded.
    """
    names = {name for name, _ in query}
    if key:
        by_method = {"GET": Action.GET_OBJECT, "HEAD": Action.HEAD_OBJECT}
        return None if names & OBJECT_SUBRESOURCES else by_method.get(method)
    if method != "GET" or names & BUCKET_SUBRESOURCES:
        return None
    return Action.LIST_OBJECTS_V2 if ("list-type", "2") in query else Action.LIST_OBJECTS


def is_allowed_through_access_points(
    method: str, key: str, query: Collection[tuple[str, str]]
) -> bool:
    """Return whether S3 accepts such a request through an access point.

    Access points are for objects, so nothing may create or change a bucket. Those of Object Lambda
    accept neither SelectObjectContent nor a POST of a form.
    """
    names = {name for name, _ in query}
    match method, bool(key):
        case ("GET" | "HEAD", _) | ("PUT" | "DELETE", True):
            return True
        case "POST", True:
            return bool(names & {"uploads", "uploadId", "restore"})
        case "POST", False:
            return "delete" in names
    return False


def features_of(action: Action, headers: Collection[str], query: Collection[str]) -> list[str]:
    """Return the features that an access point must allow for a request.

    Parameters
    ----------
    action
        The request's action.
    headers, query
        The names of its headers and of its query's parameters, in any case.
    """
    given = {name.lower() for name in (*headers, *query)}
    parts = {"range": "Range", "partnumber": "PartNumber"}
    if action not in {Action.GET_OBJECT, Action.HEAD_OBJECT}:
        return []
    return [f"{action}-{part}" for name, part in parts.items() if name in given]
