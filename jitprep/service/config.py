"""The operator's configuration, read from the environment once per process."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast, get_args

from jitprep.service.s3_names import BUCKET_NAME, S3Prefix
from preprocessing import Limits
from preprocessing.frozen import frozen

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
class Config:
    """The configuration.

    Parameters
    ----------
    presets : mapping of str to (str or mapping)
        Pipelines by name, in any spelling: the TOML file at ``JITPREP_PRESETS``, or the image's.
    default_preset : str
        The pipeline where the access point names none. ``JITPREP_DEFAULT_PRESET``, or the file's.
    limits : Limits
        ``JITPREP_MAX_BYTES``, ``JITPREP_MAX_PIXELS`` and ``JITPREP_MAX_SIDE`` limit the original;
        ``JITPREP_MEMORY`` limits the memory of the transform: see `preprocessing.available_memory`. An
        object is in memory twice while it arrives, so it may have at most half of that.
    overrides : frozenset of str
        What requests may choose, of ``pipeline`` (a preset) and ``seed``:
        ``JITPREP_REQUEST_OVERRIDES``, separated by commas; nothing by default.
    cache_bytes : int
        How many bytes of results a process caches, for ranges and sizes of the same object:
        ``JITPREP_CACHE_BYTES``, 32 MiB by default.
    list_unknown_sizes : {"source", "hide", "mark"}
        How a listing has keys whose derived size depends on the object:
        ``JITPREP_LIST_UNKNOWN_SIZES``. See `jitprep.service.listing.derive`.
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
        The function's memory, from ``AWS_LAMBDA_FUNCTION_MEMORY_SIZE``; Lambda's minimum of 128 MB where
        that is not set.
    metrics : str, optional
        The CloudWatch namespace of the metrics in log lines: ``JITPREP_METRICS``; no metrics by default.
    endpoint : str, optional
        The URL of another store than AWS's S3: ``AWS_ENDPOINT_URL_S3`` or ``AWS_ENDPOINT_URL``.
    """

    presets: Mapping[str, Any]
    default_preset: str
    limits: Limits
    overrides: frozenset[str]
    cache_bytes: int
    list_unknown_sizes: UnknownSizes
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
        Where a variable or the presets file is wrong; the message names it.
    """
    path = Path(os.environ.get("JITPREP_PRESETS") or _PRESETS)
    presets, default = _presets(path)
    safe = Limits()
    return Config(
        presets=presets,
        default_preset=os.environ.get("JITPREP_DEFAULT_PRESET") or default,
        limits=Limits(
            source_bytes=min(_whole("JITPREP_MAX_BYTES", safe.source_bytes), safe.memory // 2),
            pixels=_whole("JITPREP_MAX_PIXELS", safe.pixels),
            side=_whole("JITPREP_MAX_SIDE", safe.side),
        ),
        overrides=_overrides("JITPREP_REQUEST_OVERRIDES"),
        cache_bytes=_whole("JITPREP_CACHE_BYTES", _CACHE_BYTES),
        list_unknown_sizes=_unknown_sizes("JITPREP_LIST_UNKNOWN_SIZES"),
        buckets=_buckets("JITPREP_BUCKETS"),
        outputs=_folders("JITPREP_OUTPUTS"),
        spill=next(iter(_folders("JITPREP_SPILL", most=1)), None),
        memory_bytes=_whole("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", _LEAST_MEMORY_MB) * 2**20,
        metrics=_namespace("JITPREP_METRICS"),
        endpoint=os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL"),
    )


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


def _words(name: str) -> list[str]:
    return [word for part in os.environ.get(name, "").split(",") if (word := part.strip())]


def _buckets(name: str) -> Mapping[str, str]:
    buckets = {}
    for word in _words(name):
        alias, _, bucket = word.rpartition("=")
        _require_bucket(name, bucket)
        buckets[alias or bucket] = bucket
    return buckets


def _folders(name: str, most: int | None = None) -> tuple[S3Prefix, ...]:
    folders = [S3Prefix.parse(word).folder for word in _words(name)]
    for folder in folders:
        _require_bucket(name, folder.bucket)
    if most is not None and len(folders) > most:
        raise ValueError(f"{name} must name one location, got {len(folders)}")
    return tuple(folders)


def _require_bucket(name: str, bucket: str) -> None:
    if not BUCKET_NAME.fullmatch(bucket):
        raise ValueError(
            f"{name}: {bucket!r} is neither a bucket's name nor an access point's alias"
        )


def _namespace(name: str) -> str | None:
    text = os.environ.get(name) or None
    if text is not None and not _NAMESPACE.fullmatch(text):
        raise ValueError(f"{name} must be a CloudWatch namespace, got {text!r}")
    return text


def _overrides(name: str) -> frozenset[str]:
    words = frozenset(_words(name))
    if not words <= OVERRIDES:
        raise ValueError(
            f"{name} must name some of {', '.join(sorted(OVERRIDES))}, got {sorted(words)}"
        )
    return words


def _unknown_sizes(name: str) -> UnknownSizes:
    word = os.environ.get(name) or "source"
    if word not in get_args(UnknownSizes):
        raise ValueError(f"{name} must be one of {', '.join(get_args(UnknownSizes))}, got {word!r}")
    return cast(UnknownSizes, word)


def _whole(name: str, default: int) -> int:
    text = os.environ.get(name)
    if not text:
        return default
    if not text.isdecimal() or int(text) == 0:
        raise ValueError(f"{name} must be a whole number above 0, got {text!r}")
    return int(text)
