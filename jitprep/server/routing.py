"""Where a request goes, by its host and path: an object, a mount, or a path of the server's own."""

from __future__ import annotations

from typing import Literal

from jitprep.service.http import s3_reads
from jitprep.service.s3_names import OPERATIONS
from preprocessing.frozen import frozen

_BATCH, _WEBHOOK, _PAGE = "_batch", "_object-lambda", "_play"


@frozen
class ToOperations:
    """Health, readiness or metrics."""

    name: str


@frozen
class ToBuckets:
    """The list of mounts."""


@frozen
class ToMount:
    """A mount as a bucket."""

    mount: str


@frozen
class ToObject:
    """An object of a mount; its key may begin with a slash."""

    mount: str
    key: str


@frozen
class ToCall:
    """A POST to a mount: a batch of objects, or the call of a store's webhook."""

    kind: Literal["batch", "webhook"]
    mount: str


Destination = ToOperations | ToBuckets | ToMount | ToObject | ToCall


def find_destination(host: str, path: str, domain: str | None) -> Destination:
    """Return where a request goes.

    Parameters
    ----------
    host : str
        The header Host.
    path : str
        As it was sent, percent-encoded.
    domain : str, optional
        The domain whose subdomains are mounts.

    Raises
    ------
    RequestFailed
        ``InvalidURI`` for a path that is not UTF-8.
    """
    mount = _subdomain(host, domain)
    rest = path.removeprefix("/")
    if mount is not None:
        key = s3_reads.decoded_path(rest)
        return ToObject(mount, key) if key else ToMount(mount)
    first, _, rest = rest.partition("/")
    if first in OPERATIONS and not rest:
        return ToOperations(first)
    name = s3_reads.decoded_path(first)
    if name == _BATCH:
        return ToCall("batch", s3_reads.decoded_path(rest))
    if name == _WEBHOOK:
        return ToCall("webhook", s3_reads.decoded_path(rest))
    if not name and not rest:
        return ToBuckets()
    key = s3_reads.decoded_path(rest)
    return ToObject(name, key) if key else ToMount(name)


def asks_for_page(host: str, path: str, domain: str | None) -> bool:
    """Whether a request is for the page of `jitprep play`, on a server that has it."""
    return _subdomain(host, domain) is None and path.split("/")[1:2] == [_PAGE]


def _subdomain(host: str, domain: str | None) -> str | None:
    if domain is None:
        return None
    name = host.rpartition(":")[0] or host
    found = name.lower().removesuffix(f".{domain}")
    return found if found != name.lower() else None
