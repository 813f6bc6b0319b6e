"""The function's own S3 client."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.handlers import set_list_objects_encoding_type_url

from jitprep.service.config import config


@cache
def client() -> Any:
    """Return this process's S3 client."""
    # Presigned URLs would use the old signature by default.
    settings: dict[str, Any] = {"signature_version": "s3v4"}
    if config().endpoint is not None:
        # The SDK prefixes the host with "{RequestRoute}." and buckets, and only AWS resolves such names.
        settings |= {"inject_host_prefix": False, "s3": {"addressing_style": "path"}}
        # Through a proxy, urllib3 removes dots from the path and requests another key than was signed.
        settings["proxies"] = {}
    made = boto3.client("s3", config=Config(**settings))
    # boto3 would add encoding-type=url, but a listing has the encoding that its client asks for.
    made.meta.events.unregister(
        "before-parameter-build.s3.ListObjectsV2", set_list_objects_encoding_type_url
    )
    return made
