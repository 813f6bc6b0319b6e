"""Addresses that `open_reader` takes, parsed into one type per door."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from jitprep.reader.errors import CannotOpen
from jitprep.service.s3_names import BUCKET_NAME, OBJECT_LAMBDA_ALIAS
from jitprep.service.source.stores import SourceUrl

FORMS = """\
arn:aws:s3-object-lambda:REGION:ACCOUNT:accesspoint/NAME
s3://ALIAS of an access point, s3://BUCKET of results, or s3://MOUNT of a server at the endpoint
s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX of originals, with a pipeline or a preset
http://HOST:PORT/MOUNT of a server
https://ID.lambda-url.REGION.on.aws/BUCKET, or another URL that leads to the function
https://HOST/PATH of originals, with a pipeline
any of these two or a file: with /TABLE.parquet, with a pipeline and a column
lambda:FUNCTION/BUCKET, with the function's name or ARN; lambda+stream: where it streams its answers
file:DIR"""

TABLE_SUFFIX = ".parquet"

_ARN = re.compile(r"arn:[a-z-]+:s3-object-lambda:(?P<region>[a-z0-9-]+):\d{12}:accesspoint[/:].+")
# Hosts where AWS requires a signature. The host names the service and the region.
_SIGNED_HOST = re.compile(r"[^.]+\.(?P<service>lambda-url|execute-api)\.(?P<region>[a-z0-9-]+)\..+")
_SIGNED_PATH = "/_lambda-url/"  # on the local endpoint
_FUNCTION = re.compile(
    r"(?P<name>(?:arn:[a-z-]+:lambda:(?P<region>[a-z0-9-]+):)?[\w:$-]+)/(?P<bucket>[^/]+)"
)


@dataclass(frozen=True, slots=True)
class AccessPointAddress:
    """An Object Lambda access point, a bucket that holds results already, or a mount of the server.

    Parameters
    ----------
    bucket : str
        ARN, alias or name: what SDKs accept as ``Bucket``.
    region : str, optional
        None where the address does not contain it.
    transforms : bool
        Whether a function answers. Otherwise S3 does; at another endpoint, perhaps the server.
    """

    bucket: str
    region: str | None
    transforms: bool


@dataclass(frozen=True, slots=True)
class UrlAddress:
    """URL of the function, or of a mount of the server.

    Parameters
    ----------
    url : str
        Includes the bucket's alias, or the mount; does not end in a slash.
    service : str, optional
        Service to sign requests for: ``lambda`` or ``execute-api``; None for unsigned requests.
    region : str, optional
        None where the host does not contain it.
    """

    url: str
    service: str | None
    region: str | None


@dataclass(frozen=True, slots=True)
class FunctionAddress:
    """Name of the function, to invoke it.

    Parameters
    ----------
    name : str
        Its name or ARN, with or without a qualifier.
    bucket : str
        The function's name for the bucket.
    region : str, optional
        None where the address is not an ARN.
    streamed : bool
        Whether to ask for streamed answers.
    """

    name: str
    bucket: str
    region: str | None
    streamed: bool = False


@dataclass(frozen=True, slots=True)
class FolderAddress:
    """A folder on this machine.

    Parameters
    ----------
    path : Path
    """

    path: Path


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """Originals in a bucket, in a container or on a web server.

    Parameters
    ----------
    url : SourceUrl
    """

    url: SourceUrl


@dataclass(frozen=True, slots=True)
class TableAddress:
    """Parquet tables in a folder, in a bucket, in a container or on a web server.

    Parameters
    ----------
    url : SourceUrl
        Of the folder that has them.
    table : str, optional
        Name of the only one in it; None for all.
    """

    url: SourceUrl
    table: str | None


ReaderAddress = (
    AccessPointAddress | UrlAddress | FunctionAddress | FolderAddress | StoreAddress | TableAddress
)


def parse_address(text: str, *, with_pipeline: bool = False) -> ReaderAddress:
    """Read an address.

    Parameters
    ----------
    text : str
    with_pipeline : bool
        Whether the caller gives a pipeline of their own. A bucket and a URL then hold originals, unless
        they are known to lead to a function.

    Raises
    ------
    CannotOpen
        Where the address has no known form. The message lists them.
    """
    scheme, _, rest = text.partition(":")
    match scheme:
        case "arn" if arn := _ARN.fullmatch(text):
            return AccessPointAddress(text, arn["region"], transforms=True)
        case "s3" if rest.startswith("//") and BUCKET_NAME.fullmatch(rest[2:]):
            transforms = rest.endswith(OBJECT_LAMBDA_ALIAS)
            if with_pipeline and not transforms:
                return _store(text)
            return AccessPointAddress(rest[2:], None, transforms=transforms)
        case "s3" if rest.startswith("//") and (with_pipeline or "/" in rest[2:]):
            if not rest[2:].partition("/")[0].endswith(OBJECT_LAMBDA_ALIAS):
                return _store(text)
        case "gs" | "az" if rest.startswith("//"):
            return _store(text)
        case "https" | "http":
            found = _http_url(text)
            return _store(text) if with_pipeline and found.service is None else found
        case "lambda" | "lambda+stream" if function := _FUNCTION.fullmatch(rest):
            streamed = scheme != "lambda"
            name, bucket, region = function["name"], function["bucket"], function["region"]
            return FunctionAddress(name, bucket, region, streamed)
        case "file" if rest.strip("/") and (rest.startswith("///") or not rest.startswith("//")):
            return FolderAddress(Path(rest.removeprefix("//")))
    raise _unknown(text)


def parse_table_address(text: str) -> TableAddress:
    """Read the address of one table, whose name ends in ``.parquet``, or of a folder of tables.

    Raises
    ------
    CannotOpen
        Also where the address is that of a function or an access point.
    """
    where = parse_address(text, with_pipeline=True)
    match where:
        case FolderAddress(path) if path.is_dir():
            return TableAddress(SourceUrl.parse(str(path.absolute())), None)
        case FolderAddress(path) if path.is_file() and names_table(text):
            return TableAddress(SourceUrl.parse(str(path.absolute().parent)), path.name)
        case FolderAddress(path):
            what = "is not a table" if path.exists() else "does not exist"
            raise CannotOpen(
                f"{path} {what}; name a folder, or a file whose name ends in {TABLE_SUFFIX}"
            )
        case StoreAddress(url) if names_table(text):
            prefix, slash, name = url.prefix.removesuffix("/").rpartition("/")
            return TableAddress(SourceUrl(url.scheme, url.host, prefix + slash), name)
        case StoreAddress(url):
            return TableAddress(url, None)
    raise CannotOpen(
        f"column= is for tables in a store or a folder, such as s3://BUCKET/t.parquet, not for {text}"
    )


def names_table(text: str) -> bool:
    """Whether an address ends as the name of a table does."""
    return text.endswith(TABLE_SUFFIX)


def _store(text: str) -> StoreAddress:
    try:
        return StoreAddress(SourceUrl.parse(text))
    except ValueError:
        raise _unknown(text) from None


def _http_url(text: str) -> UrlAddress:
    try:
        parts = urlsplit(text)
        host, path = parts.hostname, parts.path.rstrip("/")
    except ValueError:
        host, path = None, ""
    if not host or parts.query or parts.fragment or parts.username is not None:
        raise CannotOpen(
            "an HTTP address has the form https://HOST/BUCKET, without query, fragment or password"
        )
    if not path or (path.startswith(_SIGNED_PATH) and path.count("/") < 3):
        raise CannotOpen(
            f"{text} does not name a bucket or a mount; append its name, as in URL/BUCKET"
        )
    url = f"{parts.scheme}://{parts.netloc}{path}"
    if signed := _SIGNED_HOST.fullmatch(host):
        service = "lambda" if signed["service"] == "lambda-url" else signed["service"]
        return UrlAddress(url, service, signed["region"])
    return UrlAddress(url, "lambda" if path.startswith(_SIGNED_PATH) else None, None)


def _unknown(text: str) -> CannotOpen:
    hint = f"; for a folder write 'file:{text}'" if text and ":" not in text else ""
    return CannotOpen(f"{text!r} is not the address of a reader{hint}. Valid forms:\n{FORMS}")
