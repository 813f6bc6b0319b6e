"""Which hosts the function may be sent to: S3's own, and no other."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from handler.config import config
from handler.errors import RequestFailed

# Virtual-hosted or not, access points, FIPS, dual stack, China. Other services live under amazonaws.com
# too, some with names that their users choose.
_S3_HOST = re.compile(
    r"(?:[a-z0-9.-]+\.)?s3(?:-accesspoint)?(?:-fips)?(?:\.dualstack)?"
    r"(?:\.[a-z]{2}(?:-[a-z]+)+-\d)?\.amazonaws\.com(?:\.cn)?"
)


def require_allowed(url: str) -> None:
    """Raise RequestFailed, ``SourceNotAllowed``, unless `url` is https on one of S3's hosts.

    Where an endpoint is configured it is asked for every URL of the web, and nothing else is ever
    contacted.
    """
    try:
        parts = urlsplit(url)
        allowed = _is_web(parts) if config().endpoint else _is_s3(parts)
    except ValueError:  # no URL at all, or a port that is no number
        allowed = False
    if not allowed:
        raise RequestFailed(
            403,
            "SourceNotAllowed",
            "inputS3Url must be https on an S3 host; for anything else set AWS_ENDPOINT_URL",
        )


def _is_web(parts: SplitResult) -> bool:
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0


def _is_s3(parts: SplitResult) -> bool:
    plain = parts.username is None and parts.port in (None, 443)
    return parts.scheme == "https" and plain and bool(_S3_HOST.fullmatch(parts.hostname or ""))
