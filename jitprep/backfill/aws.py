"""AWS clients, configured as boto3 is: profiles, regions, AWS_ENDPOINT_URL."""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from jitprep.service.http.whole_heads import take_whole_heads
from jitprep.service.source.s3_hosts import PARTITIONS

# Reads and writes of one process at once: most of a copy's time is spent waiting for S3.
THREADS = 8
_AWS = tuple(f".{suffix}" for suffix, _ in PARTITIONS)
_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 5}, max_pool_connections=THREADS
)


def sdk_client(service: Literal["s3", "s3control"]) -> Any:
    """Return a client for `THREADS` threads."""
    take_whole_heads()
    made = boto3.client(service, config=_CONFIG)
    endpoint = made.meta.endpoint_url
    if (urlsplit(endpoint).hostname or "").endswith(_AWS):
        return made
    # The SDK prepends buckets and accounts to the host, which only AWS's names resolve. That cannot be
    # disabled for S3 Control: with the endpoint as its proxy, the name is not resolved.
    elsewhere = {
        "s3": Config(s3={"addressing_style": "path"}),
        "s3control": Config(proxies={"http": endpoint}),
    }
    return boto3.client(service, config=_CONFIG.merge(elsewhere[service]))
