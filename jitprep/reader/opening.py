"""`open_reader`: a reader from an address and options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jitprep.reader.address import (
    AccessPointAddress,
    FolderAddress,
    FunctionAddress,
    ReaderAddress,
    StoreAddress,
    UrlAddress,
    parse_address,
)
from jitprep.reader.base import Reader
from jitprep.reader.errors import CannotOpen
from preprocessing import Pipeline, SpecError


def open_reader(
    address: str,
    *,
    pipeline: Pipeline | str | Mapping[str, Any] | None = None,
    preset: str | None = None,
    seed: int = 0,
    endpoint_url: str | None = None,
    threads: int | None = None,
) -> Reader:
    """Return a reader for `address`, without connecting.

    Credentials and the region come from where AWS's SDKs find them. For ``gs:`` and ``az:`` they come
    from the environment.

    Parameters
    ----------
    address : str
        One of these::

            arn:aws:s3-object-lambda:REGION:ACCOUNT:accesspoint/NAME
            s3://ALIAS                     of such an access point, or a bucket that holds results
            s3://MOUNT                     of a server at endpoint_url, as jitprep serve runs it
            http://HOST:PORT/MOUNT         of a server
            https://ID.lambda-url.REGION.on.aws/BUCKET
            lambda:FUNCTION/BUCKET
            file:DIR
            s3://BUCKET/PREFIX             of originals, which this process transforms
            gs://BUCKET/PREFIX, az://CONTAINER/PREFIX, https://HOST/PATH    likewise

        BUCKET behind a function is the name that its JITPREP_BUCKETS has for the bucket. Keys of
        originals are relative to the prefix. Random transforms draw from the whole key in the bucket, as
        behind an access point.
    pipeline : Pipeline, str or mapping, optional
        In any spelling: for ``lambda:``, ``file:`` and originals. A folder or a bucket without one holds
        results. With one, ``s3://BUCKET`` and ``https:`` are originals.
    preset : str, optional
        Name of a pipeline. For ``lambda:`` and ``https:`` it is one of the function's presets, whose
        default runs where none is given; for a mount, one of the server's. For ``file:`` and for
        originals in ``s3://BUCKET/``, ``gs:`` and ``az:`` it is one of ``JITPREP_PRESETS``, or built in.
    seed : int
        Seed of random transforms, usually the epoch; see `Reader.with_seed`.
    endpoint_url : str, optional
        Endpoint in place of AWS's own, for ``arn:``, ``s3:`` and ``lambda:``. Default: AWS's
        configuration. Whether ``s3:`` there is a mount or holds results, the first answer says.
    threads : int, optional
        Requests of one batch that are in flight at once: 8 by default, and 32 for originals. These are
        transformed one at a time. For ``file:`` it is the number of files that are transformed at once,
        by default 1.

    Raises
    ------
    CannotOpen
        For an address without a known form, or an option that its door does not support.
    """
    try:
        return _open(
            parse_address(address, with_pipeline=pipeline is not None),
            pipeline,
            preset,
            endpoint_url,
            {"seed": seed} if threads is None else {"seed": seed, "threads": threads},
        )
    except ModuleNotFoundError as error:
        raise CannotOpen(
            f"{address} needs {error.name}, which is not installed: pip install 'jitprep[reader]'"
        ) from None


def _open(
    where: ReaderAddress,
    pipeline: Pipeline | str | Mapping[str, Any] | None,
    preset: str | None,
    endpoint_url: str | None,
    common: dict[str, Any],
) -> Reader:
    asked = {"pipeline": pipeline, "preset": preset, "endpoint_url": endpoint_url}
    _require_no_others(where, {name for name, value in asked.items() if value is not None})
    made = _pipeline(pipeline)
    # A door's libraries are imported only where it is used.
    match where:
        case AccessPointAddress(bucket, region, transforms):
            from jitprep.reader.doors.access_point import AccessPointReader  # noqa: PLC0415

            return AccessPointReader(
                bucket=bucket,
                region=region,
                endpoint_url=endpoint_url,
                transforms=transforms,
                preset=preset,
                **common,
            )
        case UrlAddress(url, service, region):
            from jitprep.reader.doors.url import UrlReader  # noqa: PLC0415

            return UrlReader(url=url, service=service, region=region, preset=preset, **common)
        case FunctionAddress(name, bucket, region):
            from jitprep.reader.doors.invoke import FunctionReader  # noqa: PLC0415

            return FunctionReader(
                name=name,
                bucket=bucket,
                region=region,
                endpoint_url=endpoint_url,
                pipeline=made,
                preset=preset,
                **common,
            )
        case FolderAddress(path):
            from jitprep.reader.doors.local import FolderReader  # noqa: PLC0415

            chosen = made if preset is None else _preset(preset)
            return FolderReader(path=path, pipeline=chosen, **common)
        case StoreAddress(url):
            from jitprep.reader.doors.store import StoreReader  # noqa: PLC0415

            chosen = made if preset is None else _preset(preset)
            if chosen is None:
                raise CannotOpen(
                    f"{url.place}/{url.prefix} holds originals; give the pipeline= or the preset= to "
                    "transform them with"
                )
            return StoreReader(url=url, endpoint_url=endpoint_url, pipeline=chosen, **common)


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
    FolderAddress: ({"pipeline", "preset"}, "a folder has no endpoint"),
    StoreAddress: ({"pipeline", "preset", "endpoint_url"}, ""),
}


def _require_no_others(where: object, given: set[str]) -> None:
    supported, why = _SUPPORTED[type(where)]
    if others := sorted(given - supported):
        raise CannotOpen(
            f"this address does not support {', '.join(others)}: {why}. Its options are "
            f"{', '.join(sorted(supported))}, seed and threads"
        )
    if {"pipeline", "preset"} <= given:
        raise CannotOpen("pipeline and preset exclude each other; give one of them")


def _pipeline(given: Pipeline | str | Mapping[str, Any] | None) -> Pipeline | None:
    if given is None or isinstance(given, Pipeline):
        return given
    try:
        return Pipeline.parse(given)
    except SpecError as error:
        hint = "; to choose a preset, use preset=" if str(given).isidentifier() else ""
        raise CannotOpen(f"pipeline: {error}{hint}") from None


def _preset(name: str) -> Pipeline:
    """Return the pipeline of a preset, as the function would on this machine."""
    from jitprep.service.config import config  # noqa: PLC0415  only for presets

    try:
        presets = config().presets
        if name in presets:
            return Pipeline.parse(presets[name])
    except ValueError as error:  # the file or its pipeline is wrong
        raise CannotOpen(f"preset {name}: {error}") from None
    raise CannotOpen(f"there is no preset {name!r}, only {', '.join(sorted(presets))}")
