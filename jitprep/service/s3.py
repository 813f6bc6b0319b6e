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
    """Return the S3 client, made once a process."""
    settings: dict[str, Any] = {
        "signature_version": "s3v4"
    }  # presigned URLs would take the old one
    if config().endpoint is not None:
        # The SDK puts "{RequestRoute}." and buckets before the host, which only AWS's names resolve.
        settings |= {"inject_host_prefix": False, "s3": {"addressing_style": "path"}}
        # Of what goes through a proxy urllib3 takes dots out: another key than signed is asked for.
        settings["proxies"] = {}
    made = boto3.client("s3", config=Config(**settings))
    # It would ask for encoded keys, and a listing is passed on as whoever asked for it wants it.
    made.meta.events.unregister(
        "before-parameter-build.s3.ListObjectsV2", set_list_objects_encoding_type_url
    )
    return made
