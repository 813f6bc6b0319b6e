"""The server's settings, read from ``jitprep.toml`` and the environment, and checked at the start."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from jitprep.server.configuration.aws_credentials import credentials_of
from jitprep.server.configuration.mounts import Mount
from jitprep.server.configuration.references import Reference
from jitprep.service.config import (
    Policy,
    config,
    overrides_named,
    store_named,
    unknown_sizes_named,
)
from jitprep.service.errors import RequestFailed
from jitprep.service.pipeline_choice import choose
from jitprep.service.results.copy_place import CopyPlace
from jitprep.service.results.read_through import read_through
from jitprep.service.s3_names import BUCKET_NAME, OPERATIONS
from jitprep.service.settings import Settings, or_another, positive
from jitprep.service.source.aws_credentials import find_region
from jitprep.service.source.original_store import OriginalStore
from jitprep.service.source.stores import SourceUrl
from jitprep.service.thread_pools import granted_cpus
from preprocessing import Limits
from preprocessing.frozen import frozen

_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*")
# What may be meant as a preset's name: a pipeline that is more than one step has slashes.
_NAME = re.compile(r"[\w.-]+")
_QUEUE, _TIMEOUT_S = 64, 60
# A day. Timers refuse numbers that are far larger.
_LONGEST_S = 24 * 60 * 60
_OF_S3 = frozenset({"access_key_id", "endpoint", "region", "secret_access_key", "webhook_token"})
_MEMBERS = _OF_S3 | {
    "anonymous", "list_unknown_sizes", "max_bytes", "max_pixels", "max_side", "overrides", "pipeline",
    "source", "store", "store_bytes", "timeout", "unsigned",
}  # fmt: skip
_REQUIRED = {
    "source": '"s3://bucket/prefix", or the path of a folder',
    "pipeline": '"imagenet-uint8", or another preset or pipeline',
}


@frozen
class ServerSettings:
    """What the server serves, and how.

    Parameters
    ----------
    mounts : mapping of str to Mount
    domain : str, optional
        Its subdomains are mounts: virtual hosts.
    workers : int
        Processes.
    queue : int
        Requests that a worker has under way at most; others are asked to come back.
    play : bool
        Whether the page of `jitprep play` is served too. Who has its token reads all mounts.
    """

    mounts: Mapping[str, Mount]
    domain: str | None
    workers: int
    queue: int
    play: bool

    @classmethod
    def read(cls) -> ServerSettings:
        """Read the settings, and open the mounts' sources without connecting.

        Raises
        ------
        ValueError
            Where a setting is wrong; the message names it.
        """
        settings = Settings.read()
        timeout_s = _timeout(settings.spelling("timeout"), settings.whole("timeout", _TIMEOUT_S))
        tables = settings.tables("mounts")
        if not tables:
            raise ValueError(
                f"{settings.path or 'the configuration'} has no mounts; write [mounts.NAME] with a "
                "source and a pipeline"
            )
        domain = settings.text("domain").lower() or None
        if domain is not None and not _DOMAIN.fullmatch(domain):
            raise ValueError(
                f"{settings.spelling('domain')} must be a host name, such as data.example.com, got "
                f"{domain!r}"
            )
        return cls(
            {name: _mount(name, table, timeout_s) for name, table in tables.items()},
            domain,
            *_workers(settings),
        )


def _workers(settings: Settings) -> tuple[int, int, bool]:
    """Return the number of workers, the length of their queues, and whether they serve the page."""
    given, play = settings.text("play").lower(), settings.spelling("play")
    if given not in {"", "false", "true"}:
        raise ValueError(f"{play} must be true or false, got {given!r}")
    queue = settings.whole("queue", _QUEUE)
    if given != "true":
        return settings.whole("workers", granted_cpus()), queue, False
    if settings.whole("workers", 1) > 1:
        raise ValueError(
            f"{play} needs one worker, whose memory has the page's results; leave "
            f"{settings.spelling('workers')} out, or set it to 1"
        )
    return 1, queue, True


def _mount(name: str, table: Any, timeout_s: int) -> Mount:
    place = f"mounts.{name}"
    if not BUCKET_NAME.fullmatch(name) or name in OPERATIONS:
        raise ValueError(
            f"{place}: a mount is named like a bucket, with 3 to 63 of a-z, 0-9, - and ., and not "
            f"{', '.join(sorted(OPERATIONS))}; rename it"
        )
    if not isinstance(table, Mapping):
        raise ValueError(f"{place} must be a table")  # noqa: TRY004  # as all settings
    if unknown := sorted(table.keys() - _MEMBERS):
        raise ValueError(f"{place}.{unknown[0]} is not a setting{or_another(unknown[0], _MEMBERS)}")
    for required, example in _REQUIRED.items():
        if required not in table:
            raise ValueError(f"{place}.{required} is missing; write {required} = {example}")
    if empty := sorted(setting for setting, value in table.items() if value == ""):
        raise ValueError(f"{place}.{empty[0]} is empty; give it a value, or leave it out")
    try:
        url = SourceUrl.parse(str(table["source"]))
    except ValueError as error:
        raise ValueError(f"{place}.source: {error}") from None
    if url.scheme != "s3" and (others := sorted(table.keys() & _OF_S3)):
        raise ValueError(
            f"{place}.{others[0]} is for s3:// sources only, and the source is {url.place}"
        )
    own_timeout = _timeout(f"{place}.timeout", _whole(place, table, "timeout", timeout_s))
    return Mount(
        name=name,
        source=_source(place, table, url, own_timeout),
        configuration=_configuration(place, table),
        policy=_policy(place, table, url),
        anonymous=_flag(place, table, "anonymous"),
        webhook_token=_token(place, table),
    )


def _source(place: str, table: Mapping[str, Any], url: SourceUrl, timeout_s: int) -> OriginalStore:
    unsigned = _flag(place, table, "unsigned")
    region = _region(table) if url.scheme == "s3" else None
    endpoint = table.get("endpoint") or config().endpoint
    signs = url.scheme == "s3" and not unsigned
    credentials = credentials_of(place, table) if signs else None
    try:
        return OriginalStore.open(
            url,
            endpoint=endpoint,
            region=region,
            credentials=credentials,
            anonymous=unsigned,
            timeout_s=timeout_s,
        )
    except ValueError as error:
        raise ValueError(f"{place}.source: {error}") from None


def _region(table: Mapping[str, Any]) -> str | None:
    """Return the region of a source, which obstore and listings must agree on."""
    return str(table["region"]) if "region" in table else find_region()


def _configuration(place: str, table: Mapping[str, Any]) -> str:
    """Return the mount's pipeline, in the form of an access point's payload; check it."""
    pipeline = table["pipeline"]
    named = isinstance(pipeline, str) and pipeline in config().presets
    configuration = json.dumps({"pipeline" if named else "spec": pipeline})
    try:
        choose(configuration, None)
    except RequestFailed as failure:
        wrong = failure.message.removeprefix("the spec: ")
        if isinstance(pipeline, str) and not named and _NAME.fullmatch(pipeline):
            near = or_another(pipeline, config().presets)
            wrong = f"there is no preset {pipeline!r}{near}. As a pipeline: {wrong}"
        raise ValueError(f"{place}.pipeline: {wrong}") from None
    return configuration


def _policy(place: str, table: Mapping[str, Any], url: SourceUrl) -> Policy:
    common = config().policy
    words = table.get("overrides", sorted(common.overrides))
    if not isinstance(words, list):
        raise ValueError(f'{place}.overrides must be a list, such as ["seed"]')  # noqa: TRY004
    limits = common.limits
    return Policy(
        Limits(
            source_bytes=min(
                _whole(place, table, "max_bytes", limits.source_bytes), limits.memory // 2
            ),
            pixels=_whole(place, table, "max_pixels", limits.pixels),
            side=_whole(place, table, "max_side", limits.side),
            memory=limits.memory,
        ),
        overrides_named(f"{place}.overrides", [str(word) for word in words]),
        unknown_sizes_named(
            f"{place}.list_unknown_sizes",
            str(table.get("list_unknown_sizes", common.list_unknown_sizes)),
        ),
        _store(place, table, common.store, url),
    )


def _store(
    place: str, table: Mapping[str, Any], common: CopyPlace | None, url: SourceUrl
) -> CopyPlace | None:
    """Return where the mount's copies are, opened once, so that an error ends the start."""
    names = (f"{place}.store", f"{place}.store_bytes")
    own = store_named(names, str(table.get("store", "")), str(table.get("store_bytes", "")))
    store = own or common
    if store is not None:
        try:
            store.require_outside(url)
            read_through(store)
        except ValueError as error:
            raise ValueError(f"{names[0] if own else 'store'}: {error}") from None
    return store


def _whole(place: str, table: Mapping[str, Any], name: str, default: int) -> int:
    return positive(f"{place}.{name}", str(table[name])) if name in table else default


def _timeout(name: str, seconds: int) -> int:
    if seconds > _LONGEST_S:
        raise ValueError(f"{name} may be {_LONGEST_S} seconds, got {seconds}")
    return seconds


def _flag(place: str, table: Mapping[str, Any], name: str) -> bool:
    value = table.get(name, False)
    if not isinstance(value, bool):
        raise ValueError(f"{place}.{name} must be true or false")  # noqa: TRY004
    return value


def _token(place: str, table: Mapping[str, Any]) -> Reference | None:
    if "webhook_token" not in table:
        return None
    reference = Reference.parse(f"{place}.webhook_token", table["webhook_token"])
    reference.read()
    return reference
