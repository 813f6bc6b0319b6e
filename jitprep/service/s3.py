"""The function's own S3 client."""

from __future__ import annotations

from functools import cache
from typing import Any

from jitprep.service.config import config
from jitprep.service.process.renewal import renewed_in_copies


@cache
def client() -> Any:
    """Return this process's S3 client, for what is seldom: copies, and answers that are put aside.

    Importing the SDK and making the client take 0.2 s, so no request that can do without waits for it.
    """
    import boto3  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    from jitprep.service.http.whole_heads import take_whole_heads  # noqa: PLC0415

    take_whole_heads()
    # Presigned URLs would use the old signature by default.
    # Hashing large bodies takes time. TLS and checksums protect them.
    s3: dict[str, Any] = {"payload_signing_enabled": False}
    settings: dict[str, Any] = {"signature_version": "s3v4", "s3": s3}
    if config().endpoint is not None:
        s3["addressing_style"] = "path"  # only AWS resolves hosts that are named for buckets
        # Through a proxy, urllib3 removes dots from the path and requests another key than was signed.
        settings["proxies"] = {}
    return boto3.client("s3", config=Config(**settings))


def _close() -> None:
    """Close the connections. The client makes others, and loads credentials anew once they expire."""
    if client.cache_info().currsize:
        client().close()


renewed_in_copies(_close)
