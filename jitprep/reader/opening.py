"""`open_reader`: an address and options become a reader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jitprep.reader.address import (
    AccessPointAddress,
    FolderAddress,
    FunctionAddress,
    FunctionUrl,
    ReaderAddress,
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
    threads: int = 8,
) -> Reader:
    """Return a reader of what is at `address`. Nothing is asked yet.

    Credentials and regions come from where AWS's SDKs take them.

    Parameters
    ----------
    address : str
        One of these::

            arn:aws:s3-object-lambda:REGION:ACCOUNT:accesspoint/NAME
            s3://ALIAS                     of such an access point; or a bucket that holds results
            https://ID.lambda-url.REGION.on.aws/BUCKET
            lambda:FUNCTION/BUCKET
            file:DIR

        where BUCKET is what the function's JITPREP_BUCKETS calls the bucket.
    pipeline : Pipeline, str or mapping, optional
        In any spelling, where whoever reads chooses it: ``lambda:``; and ``file:``, which has results
        without one, and originals with it.
    preset : str, optional
        The name of a pipeline that the function knows, for ``lambda:`` and ``https:``. There its default
        runs where nothing is chosen. For ``file:``, one of ``JITPREP_PRESETS``, or of those that the
        function is shipped with.
    seed : int
        What random transforms draw from: the epoch. See `Reader.with_seed`.
    endpoint_url : str, optional
        Where AWS is, if it is not AWS, for ``arn:``, ``s3:`` and ``lambda:``; what AWS's configuration
        says where it is left out.
    threads : int
        How many requests of one batch are on their way at once.

    Raises
    ------
    CannotOpen
        For an address of no known form, and for an option that it cannot honour.
    """
    try:
        return _open(
            parse_address(address),
            pipeline,
            preset,
            endpoint_url,
            {"seed": seed, "threads": threads},
        )
    except ModuleNotFoundError as error:
        raise CannotOpen(f"{address} needs {error.name}: pip install 'jitprep[reader]'") from None


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
    # Each door's libraries are imported by who goes through it.
    match where:
        case AccessPointAddress(bucket, region, transforms):
            from jitprep.reader.doors.access_point import AccessPointReader  # noqa: PLC0415

            return AccessPointReader(
                bucket=bucket,
                region=region,
                endpoint_url=endpoint_url,
                transforms=transforms,
                **common,
            )
        case FunctionUrl(url, service, region):
            from jitprep.reader.doors.function_url import FunctionUrlReader  # noqa: PLC0415

            return FunctionUrlReader(
                url=url, service=service, region=region, preset=preset, **common
            )
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


# What each kind of address honours besides seed and threads, and why not the rest.
_HONOURED: Mapping[type, tuple[set[str], str]] = {
    AccessPointAddress: ({"endpoint_url"}, "its access point's owner chose the pipeline"),
    FunctionUrl: (
        {"preset"},
        "a URL says where it is, and its function lets callers choose a preset",
    ),
    FunctionAddress: ({"pipeline", "preset", "endpoint_url"}, ""),
    FolderAddress: ({"pipeline", "preset"}, "a folder is on this machine"),
}


def _require_no_others(where: object, given: set[str]) -> None:
    honoured, why = _HONOURED[type(where)]
    if others := sorted(given - honoured):
        raise CannotOpen(
            f"{', '.join(others)} cannot be honoured here ({why}); such an address takes "
            f"{', '.join(sorted(honoured))}, seed, threads"
        )
    if {"pipeline", "preset"} <= given:
        raise CannotOpen("pipeline and preset are two answers to one question: give one of them")


def _pipeline(given: Pipeline | str | Mapping[str, Any] | None) -> Pipeline | None:
    if given is None or isinstance(given, Pipeline):
        return given
    try:
        return Pipeline.parse(given)
    except SpecError as error:
        hint = "; a preset is given as preset=" if str(given).isidentifier() else ""
        raise CannotOpen(f"pipeline: {error}{hint}") from None


def _preset(name: str) -> Pipeline:
    """Return the pipeline that the function would run here under this name."""
    from jitprep.service.config import config  # noqa: PLC0415  seldom needed

    try:
        presets = config().presets
        if name in presets:
            return Pipeline.parse(presets[name])
    except ValueError as error:  # of the file, or of the pipeline in it
        raise CannotOpen(f"preset {name}: {error}") from None
    raise CannotOpen(f"there is no preset {name!r}, only {', '.join(sorted(presets))}")
