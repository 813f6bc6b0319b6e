"""Places of `jitprep play`: folders and buckets that are named, mounts, and the demo's photographs."""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from jitprep.cli.console import fail
from jitprep.playground.asks import AskRefused
from jitprep.playground.places import Place
from jitprep.service.config import s3_endpoint
from jitprep.service.settings import FILE_VARIABLE, find_config
from jitprep.service.source.aws_credentials import find_credentials, find_region
from jitprep.service.source.original_store import OriginalStore
from jitprep.service.source.stores import SourceUrl

_TIMEOUT_S = 60.0
_SAMPLES = "samples"


def named_places(addresses: Iterable[str], endpoint: str | None) -> list[Place]:
    """Return the folders and buckets of these addresses; fail where one cannot be opened."""
    found: dict[str, Place] = {}
    for address in addresses:
        try:
            url = SourceUrl.parse(address)
        except ValueError as error:
            fail(f"{address}: {error}", 2)
        if url.scheme == "file" and Path(url.host).is_file():
            fail(f"{address} is a file; name the folder that it is in, or drop it on the page", 2)
        if endpoint is not None and url.scheme != "s3":
            fail(f"--endpoint-url is for s3://, and {address} is not of it; leave it out", 2)
        place = _opened_by(_free_name(url, found), url, endpoint)
        if url.scheme != "s3":  # whose region may take the SDK to find
            _require_open(place)
        found[place.name] = place
    return list(found.values())


def mounted_places() -> list[Place]:
    """Return the mounts of ``jitprep.toml``, if there is one; fail where it is wrong."""
    path = find_config()
    if path is None:
        return []
    from jitprep.server.configuration.settings import ServerSettings  # noqa: PLC0415  imports obstore

    os.environ[FILE_VARIABLE] = str(path)
    try:
        mounts = ServerSettings.read().mounts
    except ValueError as error:
        fail(str(error), 2)
    return [store_place(name, mount.source) for name, mount in mounts.items()]


def store_place(name: str, store: OriginalStore) -> Place:
    """Return a place of a store that is open."""
    return Place(name, store.url, lambda: store)


def sample_places(folder: Path) -> list[Place]:
    """Return the demo's photographs, if they are installed, which are written when they are wanted."""
    if find_spec("skimage") is None:
        return []
    url = SourceUrl("file", str(folder))

    def write() -> OriginalStore:
        from jitprep.cli.demo_data.photos import photographs  # noqa: PLC0415  some are encoded

        for name, body in photographs().items():
            (folder / name).write_bytes(body)
        return _open(url, None)

    return [Place(_SAMPLES, url, write)]


def _opened_by(name: str, url: SourceUrl, endpoint: str | None) -> Place:
    return Place(name, url, lambda: _open(url, endpoint))


def _open(url: SourceUrl, endpoint: str | None) -> OriginalStore:
    if url.scheme != "s3":
        return OriginalStore.open(
            url, endpoint=None, region=None, credentials=None, timeout_s=_TIMEOUT_S
        )
    return OriginalStore.signed(
        url,
        endpoint=endpoint or s3_endpoint(),
        region=find_region(),
        credentials=find_credentials,
        timeout_s=_TIMEOUT_S,
    )


def _require_open(place: Place) -> None:
    try:
        _ = place.store
    except AskRefused as refused:
        fail(str(refused), 2)


def _free_name(url: SourceUrl, taken: Iterable[str]) -> str:
    """Return the last name of a URL, with a number where another place has it."""
    last = (url.prefix or url.host).rstrip("/").rpartition("/")[2] or "files"
    name, number = last, 2
    while name in taken:
        name, number = f"{last}-{number}", number + 1
    return name
