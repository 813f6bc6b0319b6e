"""AWS's clients, made as boto3 is configured: profiles, regions, AWS_ENDPOINT_URL."""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from jitprep.service.source.response_heads import take_whole_heads
from jitprep.service.source.s3_hosts import PARTITIONS

# Reads and writes that one process has under way: most of a copy's time is S3's.
THREADS = 8
_AWS = tuple(f".{suffix}" for suffix, _ in PARTITIONS)
_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 5}, max_pool_connections=THREADS
)


def sdk_client(service: Literal["s3", "s3control"]) -> Any:
    """Return a client, good for `THREADS` threads."""
    take_whole_heads()
    made = boto3.client(service, config=_CONFIG)
    endpoint = made.meta.endpoint_url
    if (urlsplit(endpoint).hostname or "").endswith(_AWS):
        return made
    # The SDK puts buckets and accounts before the host, which only AWS's names resolve. S3 Control's
    # cannot do without: as its proxy, the endpoint is reached without resolving them.
    elsewhere = {
        "s3": Config(s3={"addressing_style": "path"}),
        "s3control": Config(proxies={"http": endpoint}),
    }
    return boto3.client(service, config=_CONFIG.merge(elsewhere[service]))
