"""`open_reader`: a reader from an address and options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, overload

from jitprep.reader.address import (
    AccessPointAddress,
    FolderAddress,
    FunctionAddress,
    ReaderAddress,
    StoreAddress,
    TableAddress,
    UrlAddress,
)
from jitprep.reader.base import Reader
from jitprep.reader.errors import CannotOpen
from jitprep.reader.options import (
    given_pipeline,
    parse_with_column,
    preset_named,
    require_pipeline,
    require_supported,
)
from preprocessing import Pipeline

if TYPE_CHECKING:
    from jitprep.reader.doors.tables import TableReader
    from jitprep.service.results.copy_place import CopyPlace


@overload
def open_reader(
    address: str,
    *,
    pipeline: Pipeline | str | Mapping[str, Any] | None = ...,
    preset: str | None = ...,
    column: str,
    seed: int = ...,
    endpoint_url: str | None = ...,
    threads: int | None = ...,
    store: str | None = ...,
    store_bytes: int | str | None = ...,
) -> TableReader: ...
@overload
def open_reader(
    address: str,
    *,
    pipeline: Pipeline | str | Mapping[str, Any] | None = ...,
    preset: str | None = ...,
    column: None = ...,
    seed: int = ...,
    endpoint_url: str | None = ...,
    threads: int | None = ...,
    store: str | None = ...,
    store_bytes: int | str | None = ...,
) -> Reader: ...
def open_reader(
    address: str,
    *,
    pipeline: Pipeline | str | Mapping[str, Any] | None = None,
    preset: str | None = None,
    column: str | None = None,
    seed: int = 0,
    endpoint_url: str | None = None,
    threads: int | None = None,
    store: str | None = None,
    store_bytes: int | str | None = None,
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
            lambda+stream:FUNCTION/BUCKET  of a function that streams its answers
            file:DIR
            s3://BUCKET/PREFIX             of originals, which this process transforms
            s3://BUCKET/TABLE.parquet      of a table, with a column
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
    column : str, optional
        Column of the samples in Parquet tables: binary, or Hugging Face's images or sounds. The address
        is then that of a ``.parquet`` file, or of a folder of them, and each row is a sample, whose
        key is ``TABLE.parquet#ROW``. It needs pyarrow.
    seed : int
        Seed of random transforms, usually the epoch; see `Reader.with_seed`.
    endpoint_url : str, optional
        Endpoint in place of AWS's own, for ``arn:``, ``s3:`` and ``lambda:``. Default: AWS's
        configuration. Whether ``s3:`` there is a mount or holds results, the first answer says.
    threads : int, optional
        Requests of one batch that are in flight at once: 8 by default, and 32 for originals. These are
        transformed one at a time. For ``file:`` it is the number of files that are transformed at once,
        by default 1.
    store : str, optional
        Where copies of results are kept, for readers that transform here: ``file:DIR``,
        ``s3://BUCKET/PREFIX``, or the same with ``gs:`` and ``az:``. The first read of an object writes
        its copy, and later reads take that, while object and pipeline are the same. Of a random
        pipeline, the part before its first random step is kept.
    store_bytes : int or str, optional
        What the copies in a folder may have in all, such as ``"200GB"``; the oldest use is evicted
        first. Default: half of the space that they have or could have.

    Raises
    ------
    CannotOpen
        For an address without a known form, an option that its door does not support, or a pipeline that
        returns several arrays.
    """
    try:
        return _open(
            parse_with_column(address, column, with_pipeline=pipeline is not None),
            pipeline,
            preset,
            column,
            endpoint_url,
            store,
            store_bytes,
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
    column: str | None,
    endpoint_url: str | None,
    store: str | None,
    store_bytes: int | str | None,
    common: dict[str, Any],
) -> Reader:
    asked = {
        "pipeline": pipeline,
        "preset": preset,
        "column": column,
        "endpoint_url": endpoint_url,
        "store": store,
        "store_bytes": store_bytes,
    }
    require_supported(where, {name for name, value in asked.items() if value is not None})
    made = given_pipeline(pipeline)
    kept = _copy_place(where, store, store_bytes, endpoint_url)
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
        case FunctionAddress(name, bucket, region, streamed):
            from jitprep.reader.doors.invoke import FunctionReader  # noqa: PLC0415

            return FunctionReader(
                name=name,
                bucket=bucket,
                region=region,
                streamed=streamed,
                endpoint_url=endpoint_url,
                pipeline=made,
                preset=preset,
                **common,
            )
        case FolderAddress(path):
            from jitprep.reader.doors.local import FolderReader  # noqa: PLC0415

            chosen = made if preset is None else preset_named(preset)
            return FolderReader(path=path, pipeline=chosen, store=kept, **common)
        case StoreAddress(url):
            from jitprep.reader.doors.store import StoreReader  # noqa: PLC0415

            chosen = require_pipeline(made if preset is None else preset_named(preset), url)
            return StoreReader(
                url=url, endpoint_url=endpoint_url, pipeline=chosen, store=kept, **common
            )
        case TableAddress(url, table):
            from jitprep.reader.doors.tables import TableReader  # noqa: PLC0415

            assert column is not None  # the address is parsed by it
            return TableReader(
                url=url,
                table=table,
                column=column,
                endpoint_url=endpoint_url,
                pipeline=require_pipeline(made if preset is None else preset_named(preset), url),
                **common,
            )


def _copy_place(
    where: ReaderAddress,
    store: str | None,
    most: int | str | None,
    endpoint_url: str | None,
) -> CopyPlace | None:
    if store is None:
        if most is not None:
            raise CannotOpen("store_bytes limits a store; give store= too")
        return None
    from jitprep.service.results.copy_place import CopyPlace  # noqa: PLC0415  few have a store
    from jitprep.service.source.stores import SourceUrl  # noqa: PLC0415  as above

    try:
        place = CopyPlace.parse(store, most, endpoint=endpoint_url)
        match where:
            case FolderAddress(path):
                place.require_outside(SourceUrl.parse(str(path.absolute())))
            case StoreAddress(url):
                place.require_outside(url)
        return place
    except ValueError as error:
        raise CannotOpen(str(error)) from None
