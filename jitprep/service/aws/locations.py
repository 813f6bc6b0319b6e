"""Where S3 and S3 Object Lambda are in a region, by the rules that AWS's SDKs follow."""

from __future__ import annotations

import os
import re
from functools import lru_cache

from jitprep.service.source.s3_hosts import PARTITIONS

# That of regions that no pattern knows yet, as in botocore.
_DEFAULT_SUFFIX = "amazonaws.com"


def bucket_url(bucket: str, region: str, endpoint: str | None) -> str:
    """Return the URL of a bucket's objects, without their keys: it ends in a slash.

    Parameters
    ----------
    bucket : str
        A bucket's name, or an access point's alias.
    region : str
    endpoint : str, optional
        The URL of another store than AWS's.
    """
    if endpoint is not None:
        return f"{endpoint.rstrip('/')}/{bucket}/"
    service = "s3-fips" if _is_set("AWS_USE_FIPS_ENDPOINT") else "s3"
    stack = ".dualstack" if _is_set("AWS_USE_DUALSTACK_ENDPOINT") else ""
    host = f"{service}{stack}.{region}.{_suffix(region)}"
    if "." in bucket:  # TLS's wildcard certificate does not match a bucket with dots
        return f"https://{host}/{bucket}/"
    return f"https://{bucket}.{host}/"


def object_lambda_host(route: str, region: str) -> str:
    """Return the host that takes the answers of a route."""
    service = "s3-object-lambda"
    if _is_set("AWS_USE_FIPS_ENDPOINT"):
        service = f"{service}-fips"
    return f"{route}.{service}.{region}.{_suffix(region)}"


@lru_cache(maxsize=8)
def _suffix(region: str) -> str:
    for suffix, regions in PARTITIONS:
        if re.fullmatch(regions, region, re.ASCII):
            return suffix
    return _DEFAULT_SUFFIX


def _is_set(name: str) -> bool:
    return os.environ.get(name, "").lower() == "true"
