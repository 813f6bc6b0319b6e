"""URLs of sources: parsed once for both the check and the connection, and allowed on S3's hosts only."""

from __future__ import annotations

import re
from functools import lru_cache

from jitprep.service.config import config
from jitprep.service.errors import RequestFailed
from jitprep.service.source.s3_hosts import PARTITIONS, SERVICES
from preprocessing.frozen import frozen

# No user, no fragment, and no character on which parsers disagree: `urllib.parse` ignores line breaks,
# and some parsers take a backslash for a slash.
_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*|\[[0-9A-Fa-f:.]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<target>[/?][!-\"$-~]*)?"
)
_PORTS = {"http": 80, "https": 443}
# S3's interface endpoints in a VPC: only AWS's documentation has them, since SDKs are given them.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/privatelink-interface-endpoints.html
_VPC_ENDPOINT = re.compile(r"vpce-[a-z0-9-]+\.s3")


@frozen
class ParsedUrl:
    """An HTTP URL in parts; its target is sent unchanged.

    Parameters
    ----------
    scheme : str
        ``http`` or ``https``.
    host : str
        In lower case; an IPv6 address in brackets.
    port : int
    target : str
        The path and the query exactly as written, and so as signed.
    """

    scheme: str
    host: str
    port: int
    target: str

    @classmethod
    def of(cls, url: str) -> ParsedUrl | None:
        """Parse a URL; None for anything but an HTTP URL of the strict form above."""
        found = _URL.fullmatch(url)
        if found is None:
            return None
        port = int(found["port"] or _PORTS[found["scheme"]])
        target = found["target"] or "/"
        path = target if target.startswith("/") else f"/{target}"
        return cls(found["scheme"], found["host"].lower(), port, path) if 0 < port < 2**16 else None

    @property
    def server(self) -> tuple[str, str, int]:
        """The scheme, the host and the port."""
        return self.scheme, self.host, self.port

    def same_server(self, other: ParsedUrl | None) -> bool:
        """Return whether both are of one scheme, host and port."""
        return other is not None and self.server == other.server

    @property
    def authority(self) -> str:
        """The header ``Host``: the host, with the port unless it is the scheme's default."""
        return self.host if self.port == _PORTS[self.scheme] else f"{self.host}:{self.port}"


def require_allowed(url: str, endpoint: str | None = None) -> ParsedUrl:
    """Return the parsed URL, if it is https on one of S3's hosts, or on the `endpoint` of a mount.

    Where an endpoint is configured, any HTTP URL is allowed, because requests then go to the endpoint
    and nowhere else.

    Raises
    ------
    RequestFailed
        ``SourceNotAllowed``.
    """
    address = ParsedUrl.of(url)
    if endpoint is not None:
        if address is not None and address.same_server(ParsedUrl.of(endpoint)):
            return address
        raise RequestFailed(
            403,
            "SourceNotAllowed",
            "inputS3Url must be on the endpoint of the mount that it is for",
        )
    if address is not None and (config().endpoint or _is_s3(address)):
        return address
    raise RequestFailed(
        403,
        "SourceNotAllowed",
        "inputS3Url must be https on an S3 host; for anything else set AWS_ENDPOINT_URL",
    )


def _is_s3(address: ParsedUrl) -> bool:
    return (address.scheme, address.port) == ("https", 443) and is_s3_host(address.host)


@lru_cache(maxsize=64)
def is_s3_host(host: str) -> bool:
    """Return whether a host is S3's: of any partition, virtual-hosted or not, or an access point's.

    It is read from its end: the partition's suffix, the region, the service; anything before them is a
    bucket's name. Hosts of other services end differently, even where users choose part of the name.
    """
    return any(
        _is_service(host.removesuffix(f".{suffix}"), regions)
        for suffix, regions in PARTITIONS
        if host.endswith(f".{suffix}")
    )


def _is_service(name: str, regions: str) -> bool:
    """Return whether a host's name, without the partition's suffix, ends as S3's do."""
    if name.endswith(".vpce"):
        name, _, region = name.removesuffix(".vpce").rpartition(".")
        vpc = _VPC_ENDPOINT.fullmatch(".".join(name.split(".")[-2:]))
        return bool(vpc) and bool(re.fullmatch(regions, region, re.ASCII))
    if _ends_with(name, SERVICES["global"]):
        return True
    name, _, region = name.rpartition(".")
    if re.fullmatch(regions, region, re.ASCII) is None:
        return False
    return _ends_with(name, SERVICES["regional"])


def _ends_with(name: str, services: tuple[str, ...]) -> bool:
    return any(f".{name}".endswith(f".{service}") for service in services)
