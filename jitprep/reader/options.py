"""Options of `open_reader`: which ones an address supports, and what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jitprep.reader.address import (
    AccessPointAddress,
    FolderAddress,
    FunctionAddress,
    ReaderAddress,
    StoreAddress,
    TableAddress,
    UrlAddress,
    names_table,
    parse_address,
    parse_table_address,
)
from jitprep.reader.errors import CannotOpen
from preprocessing import Pipeline, SpecError

if TYPE_CHECKING:
    from jitprep.service.source.stores import SourceUrl

# Options of each kind of address besides seed and threads, and why it has no others.
_SUPPORTED: Mapping[type, tuple[set[str], str]] = {
    AccessPointAddress: (
        {"endpoint_url", "preset"},
        "the owner of the access point chose the pipeline, and a mount lets callers choose a preset",
    ),
    UrlAddress: (
        {"preset"},
        "the function or the server behind a URL lets callers choose only a preset",
    ),
    FunctionAddress: ({"pipeline", "preset", "endpoint_url"}, ""),
    FolderAddress: ({"pipeline", "preset", "store", "store_bytes"}, "a folder has no endpoint"),
    StoreAddress: ({"pipeline", "preset", "endpoint_url", "store", "store_bytes"}, ""),
    TableAddress: ({"pipeline", "preset", "column", "endpoint_url"}, "no copies of rows are kept"),
}


def parse_with_column(address: str, column: str | None, *, with_pipeline: bool) -> ReaderAddress:
    """Read the address of a table, where a column is given, or any other. Raises CannotOpen."""
    if column is not None:
        return parse_table_address(address)
    where = parse_address(address, with_pipeline=with_pipeline)
    file = isinstance(where, FolderAddress) and not where.path.is_dir()
    if names_table(address) and (file or isinstance(where, StoreAddress)):
        raise CannotOpen(
            f"{address} names a table; give the column of the samples, such as column='image'. A folder "
            "of this name is opened with a slash at the end"
        )
    return where


def require_pipeline(pipeline: Pipeline | None, url: SourceUrl) -> Pipeline:
    """Return the pipeline of originals. Raises CannotOpen for none."""
    if pipeline is None:
        raise CannotOpen(
            f"{url.place}/{url.prefix} holds originals; give the pipeline= or the preset= to "
            "transform them with"
        )
    return pipeline


def require_supported(where: object, given: set[str]) -> None:
    """Raise CannotOpen for options that an address does not support, or that exclude each other."""
    supported, why = _SUPPORTED[type(where)]
    if others := sorted(given - supported):
        raise CannotOpen(
            f"this address does not support {', '.join(others)}: {why}. Its options are "
            f"{', '.join(sorted(supported))}, seed and threads"
        )
    if {"pipeline", "preset"} <= given:
        raise CannotOpen("pipeline and preset exclude each other; give one of them")


def given_pipeline(given: Pipeline | str | Mapping[str, Any] | None) -> Pipeline | None:
    """Return a pipeline from any spelling. Raises CannotOpen for an invalid one."""
    if given is None:
        return None
    try:
        made = given if isinstance(given, Pipeline) else Pipeline.parse(given)
        made.require_one_array()
        return made
    except SpecError as error:
        hint = "; to choose a preset, use preset=" if str(given).isidentifier() else ""
        raise CannotOpen(f"pipeline: {error}{hint}") from None


def preset_named(name: str) -> Pipeline:
    """Return the pipeline of a preset, as the function would on this machine. Raises CannotOpen."""
    from jitprep.service.config import config  # noqa: PLC0415  only for presets

    try:
        presets = config().presets
        if name in presets:
            made = Pipeline.parse(presets[name])
            made.require_one_array()
            return made
    except ValueError as error:  # the file or its pipeline is wrong
        raise CannotOpen(f"preset {name}: {error}") from None
    raise CannotOpen(f"there is no preset {name!r}, only {', '.join(sorted(presets))}")
