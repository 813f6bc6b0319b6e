"""The operator's configuration, read once per process from the environment and ``jitprep.toml``."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from jitprep.service.s3_names import BUCKET_NAME, S3Prefix
from jitprep.service.settings import Settings
from preprocessing import Limits
from preprocessing.available_memory import parse_size, workers_here
from preprocessing.frozen import frozen
from preprocessing.own_steps.loading import load_steps

if TYPE_CHECKING:
    from jitprep.service.results.copy_place import CopyPlace

_PRESETS = Path(__file__).with_name("presets.toml")

# What the operator may allow requests to choose.
OVERRIDES = frozenset({"pipeline", "seed"})
# How a listing has keys whose derived size depends on the object.
UnknownSizes = Literal["source", "hide", "mark"]
_CACHE_BYTES = 32 * 2**20
_LEAST_MEMORY_MB = 128
# CloudWatch's rule for namespaces; AWS/ is reserved.
_NAMESPACE = re.compile(r"(?!AWS/)[\w./#:-][\w ./#:-]{0,254}", re.ASCII)


@frozen
class Policy:
    """What an operator lets the requests of one way in do.

    Parameters
    ----------
    limits : Limits
        ``JITPREP_MAX_BYTES``, ``JITPREP_MAX_PIXELS`` and ``JITPREP_MAX_SIDE`` limit the original;
        ``JITPREP_MEMORY`` limits the memory of the transform: see `preprocessing.available_memory`. An
        object is in memory twice while it arrives, so it may have at most half of that.
    overrides : frozenset of str
        What requests may choose, of ``pipeline`` (a preset) and ``seed``:
        ``JITPREP_REQUEST_OVERRIDES``, separated by commas; nothing by default.
    list_unknown_sizes : {"source", "hide", "mark"}
        How a listing has keys whose derived size depends on the object:
        ``JITPREP_LIST_UNKNOWN_SIZES``. See `jitprep.service.listing.derive`.
    store : CopyPlace, optional
        Where copies of results are kept, for later reads: ``JITPREP_STORE`` and ``JITPREP_STORE_BYTES``;
        nowhere by default.
    """

    limits: Limits
    overrides: frozenset[str]
    list_unknown_sizes: UnknownSizes
    store: CopyPlace | None = None


@frozen
class Config:
    """The configuration.

    Each variable may be in the file at ``JITPREP_CONFIG`` instead, without its prefix and in lower case.
    The environment precedes the file. ``JITPREP_STEPS`` names modules that define steps, separated by
    commas; they are imported here.

    Parameters
    ----------
    presets : mapping of str to (str or mapping)
        Pipelines by name, in any spelling: the TOML file at ``JITPREP_PRESETS``, or the image's.
    default_preset : str
        The pipeline where the access point names none. ``JITPREP_DEFAULT_PRESET``, or the file's.
    policy : Policy
        Of the function's requests, and the default of a server's mounts.
    cache_bytes : int
        How many bytes of results a process caches, for ranges and sizes of the same object:
        ``JITPREP_CACHE_BYTES``. By default the workers of a multi-concurrent function share 32 MiB.
    buckets : mapping of str to str
        What the function may read with its own role, for requests without a presigned URL: buckets, or
        access points' aliases, by the names that requests use. ``JITPREP_BUCKETS``: names, or
        ``alias=name``, separated by commas; nothing by default.
    outputs : tuple of S3Prefix
        Where S3 Batch Operations jobs may write; the first is the default.
        ``JITPREP_OUTPUTS``: ``bucket`` or ``bucket/prefix``, separated by commas.
    spill : S3Prefix, optional
        Where answers are stored that are too large for Lambda: ``JITPREP_SPILL``, ``bucket`` or
        ``bucket/prefix``.
    memory_bytes : int
        This process's share of the function's memory, from ``AWS_LAMBDA_FUNCTION_MEMORY_SIZE`` and
        ``AWS_LAMBDA_MAX_CONCURRENCY``; Lambda's minimum of 128 MB where the first is not set.
    metrics : str, optional
        The CloudWatch namespace of the metrics in log lines: ``JITPREP_METRICS``; no metrics by default.
    endpoint : str, optional
        The URL of another store than AWS's S3: ``AWS_ENDPOINT_URL_S3`` or ``AWS_ENDPOINT_URL``.
    """

    presets: Mapping[str, Any]
    default_preset: str
    policy: Policy
    cache_bytes: int
    buckets: Mapping[str, str]
    outputs: tuple[S3Prefix, ...]
    spill: S3Prefix | None
    memory_bytes: int
    metrics: str | None
    endpoint: str | None


@cache
def config() -> Config:
    """Read the configuration.

    Raises
    ------
    ValueError
        Where a variable, the file or the presets file is wrong, or a module of steps; the message names
        it.
    """
    settings = Settings.read()
    load_steps(settings.words("steps"), settings.spelling("steps"))
    presets, default = _presets(Path(os.environ.get("JITPREP_PRESETS") or _PRESETS))
    return Config(
        presets={**presets, **settings.presets},
        default_preset=settings.text("default_preset") or default,
        policy=_policy(settings),
        cache_bytes=settings.whole("cache_bytes", _CACHE_BYTES // workers_here()),
        buckets=_buckets(settings),
        outputs=_folders(settings, "outputs"),
        spill=next(iter(_folders(settings, "spill", most=1)), None),
        memory_bytes=_function_memory() * 2**20 // workers_here(),
        metrics=_namespace(settings),
        endpoint=s3_endpoint(),
    )


def s3_endpoint() -> str | None:
    """Return the URL that the environment names for S3."""
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")


def _policy(settings: Settings) -> Policy:
    memory = settings.text("memory")
    safe = Limits(memory=parse_size(memory, settings.spelling("memory")) if memory else 0)
    return Policy(
        Limits(
            source_bytes=min(settings.whole("max_bytes", safe.source_bytes), safe.memory // 2),
            pixels=settings.whole("max_pixels", safe.pixels),
            side=settings.whole("max_side", safe.side),
            memory=safe.memory,
        ),
        overrides_named(
            settings.spelling("request_overrides"), settings.words("request_overrides")
        ),
        unknown_sizes_named(
            settings.spelling("list_unknown_sizes"), settings.text("list_unknown_sizes") or "source"
        ),
        _store(settings),
    )


def _store(settings: Settings) -> CopyPlace | None:
    return store_named(
        (settings.spelling("store"), settings.spelling("store_bytes")),
        settings.text("store"),
        settings.text("store_bytes"),
    )


def _function_memory() -> int:
    text = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE") or str(_LEAST_MEMORY_MB)
    if not text.isdecimal() or not int(text):
        raise ValueError(
            f"AWS_LAMBDA_FUNCTION_MEMORY_SIZE must be a whole number above 0, got {text!r}"
        )
    return int(text)


def _presets(path: Path) -> tuple[Mapping[str, Any], str]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        presets, default = table["presets"], table["default"]
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(
            f"the presets file {path} must be TOML with a `default` name and a [presets] table: "
            f"{error!r}"
        ) from None
    return presets, default


def _buckets(settings: Settings) -> Mapping[str, str]:
    buckets = {}
    for word in settings.words("buckets"):
        alias, _, bucket = word.rpartition("=")
        _require_bucket(settings.spelling("buckets"), bucket)
        buckets[alias or bucket] = bucket
    return buckets


def _folders(settings: Settings, name: str, most: int | None = None) -> tuple[S3Prefix, ...]:
    folders = [S3Prefix.parse(word).folder for word in settings.words(name)]
    for folder in folders:
        _require_bucket(settings.spelling(name), folder.bucket)
    if most is not None and len(folders) > most:
        raise ValueError(f"{settings.spelling(name)} must name one location, got {len(folders)}")
    return tuple(folders)


def _require_bucket(name: str, bucket: str) -> None:
    if not BUCKET_NAME.fullmatch(bucket):
        raise ValueError(
            f"{name}: {bucket!r} is neither a bucket's name nor an access point's alias"
        )


def _namespace(settings: Settings) -> str | None:
    text = settings.text("metrics") or None
    if text is not None and not _NAMESPACE.fullmatch(text):
        raise ValueError(
            f"{settings.spelling('metrics')} must be a CloudWatch namespace, got {text!r}"
        )
    return text


def overrides_named(name: str, words: Collection[str]) -> frozenset[str]:
    """Return overrides from the setting `name`. Raises ValueError for an unknown one."""
    if not set(words) <= OVERRIDES:
        raise ValueError(
            f"{name} must name some of {', '.join(sorted(OVERRIDES))}, got {sorted(words)}"
        )
    return frozenset(words)


def unknown_sizes_named(name: str, word: str) -> UnknownSizes:
    """Return how to list unknown sizes, from the setting `name`. Raises ValueError."""
    if word not in get_args(UnknownSizes):
        raise ValueError(f"{name} must be one of {', '.join(get_args(UnknownSizes))}, got {word!r}")
    return cast(UnknownSizes, word)


def store_named(names: tuple[str, str], text: str, most: str) -> CopyPlace | None:
    """Return the store that two settings of these names name; None without. Raises ValueError."""
    if text:
        from jitprep.service.results.copy_place import CopyPlace  # noqa: PLC0415  few have a store

        return CopyPlace.parse(text, most, settings=names)
    if most:
        raise ValueError(f"{names[1]} limits a store, and {names[0]} names none; set both")
    return None
