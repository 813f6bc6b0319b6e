"""Where a URL leads, read once for the check and for the connection; and which hosts are S3's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from jitprep.service.config import config
from jitprep.service.errors import RequestFailed
from jitprep.service.source.s3_hosts import PARTITIONS, SERVICES

# No user, no fragment, and nothing that some parser would leave out, such as the line breaks that
# `urllib.parse` ignores, or take for a slash, such as a backslash.
_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*|\[[0-9A-Fa-f:.]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<target>[/?][!-\"$-~]*)?"
)
_PORTS = {"http": 80, "https": 443}
# S3's interface endpoints in a VPC: of AWS's documentation alone, since SDKs are given them.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/privatelink-interface-endpoints.html
_VPC_ENDPOINT = re.compile(r"vpce-[a-z0-9-]+\.s3")


@dataclass(frozen=True, slots=True)
class ParsedUrl:
    """A URL of the web, taken apart; what is sent is just what it says.

    Parameters
    ----------
    scheme : str
        ``http`` or ``https``.
    host : str
        In lower case; an IPv6 address in brackets.
    port : int
    target : str
        The path and the query as they were written, and so signed.
    """

    scheme: str
    host: str
    port: int
    target: str

    @classmethod
    def of(cls, url: str) -> ParsedUrl | None:
        """Return where a URL leads; None for what is not one of the web."""
        found = _URL.fullmatch(url)
        if found is None:
            return None
        port = int(found["port"] or _PORTS[found["scheme"]])
        target = found["target"] or "/"
        path = target if target.startswith("/") else f"/{target}"
        return cls(found["scheme"], found["host"].lower(), port, path) if 0 < port < 2**16 else None

    @property
    def authority(self) -> str:
        """The host, with the port where it is not the scheme's own: the header ``Host``."""
        return self.host if self.port == _PORTS[self.scheme] else f"{self.host}:{self.port}"


def require_allowed(url: str) -> ParsedUrl:
    """Return where a URL leads, if that is https on one of S3's hosts.

    Where an endpoint is configured it is asked for every URL of the web, and nothing else is ever
    contacted.

    Raises
    ------
    RequestFailed
        ``SourceNotAllowed``.
    """
    address = ParsedUrl.of(url)
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

    It is read from its end: the partition's suffix, the region, the service; what stands before that is
    a bucket's name. Other services' names end otherwise, also where their users choose some of them.
    """
    return any(
        _is_service(host.removesuffix(f".{suffix}"), regions)
        for suffix, regions in PARTITIONS
        if host.endswith(f".{suffix}")
    )


def _is_service(name: str, regions: str) -> bool:
    """Return whether a host's name, less the partition's suffix, ends as S3's do."""
    if name.endswith(".vpce"):
        name, _, region = name.removesuffix(".vpce").rpartition(".")
        vpc = _VPC_ENDPOINT.fullmatch(".".join(name.split(".")[-2:]))
        return bool(vpc) and bool(re.fullmatch(regions, region, re.ASCII))
    if _ends_so(name, SERVICES["global"]):
        return True
    name, _, region = name.rpartition(".")
    if re.fullmatch(regions, region, re.ASCII) is None:
        return False
    return _ends_so(name, SERVICES["regional"])


def _ends_so(name: str, services: tuple[str, ...]) -> bool:
    return any(f".{name}".endswith(f".{service}") for service in services)
