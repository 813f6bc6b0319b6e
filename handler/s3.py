"""The function's own S3 client."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from handler.config import config


@cache
def client() -> Any:
    """Return the S3 client, made once a process."""
    settings: dict[str, Any] = {
        "signature_version": "s3v4"
    }  # presigned URLs would take the old one
    if config().endpoint is not None:
        # The SDK puts "{RequestRoute}." and buckets before the host, which only AWS's names resolve.
        settings |= {"inject_host_prefix": False, "s3": {"addressing_style": "path"}}
    return boto3.client("s3", config=Config(**settings))
