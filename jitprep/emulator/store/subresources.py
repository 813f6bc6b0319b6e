"""The subresources that moto supports.

moto ignores query parameters that it does not know: GET ?metrics lists the bucket, DELETE ?metrics
deletes it, and PUT ?encryption of an object overwrites it.
"""

from __future__ import annotations

from jitprep.emulator.data_plane.actions import BUCKET_SUBRESOURCES, OBJECT_SUBRESOURCES
from jitprep.emulator.s3_errors import S3Error
from jitprep.emulator.store.request import WsgiRequest

_OBJECT_KNOWN = OBJECT_SUBRESOURCES | {
    "encryption",
    "renameObject",
    "restore",
    "select",
    "uploads",
}
_BUCKET_KNOWN = BUCKET_SUBRESOURCES | {
    "delete",
    "metadataInventoryTable",
    "metadataJournalTable",
}
_OBJECT = {
    "GET": {"acl", "attributes", "legal-hold", "tagging", "uploadId"},
    "HEAD": set[str](),
    "PUT": {"acl", "legal-hold", "retention", "tagging", "uploadId"},
    "POST": {"restore", "select", "uploadId", "uploads"},
    "DELETE": {"tagging", "uploadId"},
}
_CONFIGURATIONS = {"cors", "encryption", "lifecycle", "ownershipControls", "policy"} | {
    "publicAccessBlock",
    "replication",
    "tagging",
    "website",
}
_CHANGED = {"accelerate", "acl", "inventory", "logging", "notification"}
_LOCKED = {"object-lock", "versioning"}
_BUCKET = {
    "GET": _CONFIGURATIONS
    | _CHANGED
    | _LOCKED
    | {"location", "policyStatus", "uploads", "versions"},
    "HEAD": set[str](),
    "PUT": _CONFIGURATIONS | _CHANGED | _LOCKED,
    "POST": {"delete"},
    "DELETE": _CONFIGURATIONS,
}


def require_supported_subresource(request: WsgiRequest) -> None:
    """Raise S3Error, 501, unless moto supports the request."""
    known, by_method = (_OBJECT_KNOWN, _OBJECT) if request.key else (_BUCKET_KNOWN, _BUCKET)
    served = by_method.get(request.method)
    if served is None:
        message = "The specified method is not allowed against this resource."
        kind = "OBJECT" if request.key else "BUCKET"
        details = {"Method": request.method, "ResourceType": kind}
        raise S3Error(405, "MethodNotAllowed", message, details)
    for name in sorted(request.query.keys() & known - served):
        message = f"The S3 inside this endpoint does not support {request.method} ?{name}."
        raise S3Error(501, "NotImplemented", message, {"Header": name})
    if request.method == "POST" and not request.query.keys() & served:
        message = "The S3 inside this endpoint does not support uploads by a POST of a form."
        raise S3Error(501, "NotImplemented", message)
