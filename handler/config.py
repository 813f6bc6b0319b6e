"""What the operator has set, read from the environment once."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast, get_args

from preprocessing import Limits

_PRESETS = Path(__file__).with_name("presets.toml")

# What a request may be allowed to choose for itself.
OVERRIDES = frozenset({"pipeline", "seed"})
# What a listing does with keys whose derived size depends on the object.
UnknownSizes = Literal["source", "hide", "mark"]
_CACHE_BYTES = 32 * 2**20


@dataclass(frozen=True, slots=True)
class Config:
    """The function's configuration.

    Parameters
    ----------
    presets : mapping of str to (str or mapping)
        Pipelines by name, in any spelling: the TOML file at ``JITPREP_PRESETS``, or the image's.
    default_preset : str
        What runs where the access point names nothing. ``JITPREP_DEFAULT_PRESET``, or the file's.
    limits : Limits
        ``JITPREP_MAX_BYTES``, ``JITPREP_MAX_PIXELS``, ``JITPREP_MAX_SIDE``.
    overrides : frozenset of str
        What a request may choose for itself, of ``pipeline`` (a preset) and ``seed``:
        ``JITPREP_REQUEST_OVERRIDES``, separated by commas; nothing where it is not set.
    cache_bytes : int
        How many bytes of transformed objects a process keeps, for ranges and sizes of the same object:
        ``JITPREP_CACHE_BYTES``, 32 MiB where it is not set.
    list_unknown_sizes : {"source", "hide", "mark"}
        What a listing does with keys whose derived size depends on the object:
        ``JITPREP_LIST_UNKNOWN_SIZES``. See `handler.listing.derive`.
    endpoint : str or None
        Where AWS is to be found instead of AWS: ``AWS_ENDPOINT_URL_S3`` or ``AWS_ENDPOINT_URL``.
    """

    presets: Mapping[str, Any]
    default_preset: str
    limits: Limits
    overrides: frozenset[str]
    cache_bytes: int
    list_unknown_sizes: UnknownSizes
    endpoint: str | None


@cache
def config() -> Config:
    """Read the configuration.

    Raises
    ------
    ValueError
        Naming the variable or the file that is wrong.
    """
    path = Path(os.environ.get("JITPREP_PRESETS") or _PRESETS)
    presets, default = _presets(path)
    safe = Limits()
    return Config(
        presets=presets,
        default_preset=os.environ.get("JITPREP_DEFAULT_PRESET") or default,
        limits=Limits(
            source_bytes=_whole("JITPREP_MAX_BYTES", safe.source_bytes),
            pixels=_whole("JITPREP_MAX_PIXELS", safe.pixels),
            side=_whole("JITPREP_MAX_SIDE", safe.side),
        ),
        overrides=_overrides("JITPREP_REQUEST_OVERRIDES"),
        cache_bytes=_whole("JITPREP_CACHE_BYTES", _CACHE_BYTES),
        list_unknown_sizes=_unknown_sizes("JITPREP_LIST_UNKNOWN_SIZES"),
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


def _overrides(name: str) -> frozenset[str]:
    words = frozenset(filter(None, os.environ.get(name, "").replace(" ", "").split(",")))
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
