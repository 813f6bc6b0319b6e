"""What `open_reader` is given, parsed: which door, and where it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from jitprep.reader.errors import CannotOpen
from jitprep.service.s3_names import BUCKET_NAME, OBJECT_LAMBDA_ALIAS

FORMS = """\
arn:aws:s3-object-lambda:REGION:ACCOUNT:accesspoint/NAME
s3://ALIAS of an access point, or of a bucket that holds results
https://ID.lambda-url.REGION.on.aws/BUCKET, or another URL that leads to the function
lambda:FUNCTION/BUCKET, by the function's name or ARN
file:DIR"""

_ARN = re.compile(r"arn:[a-z-]+:s3-object-lambda:(?P<region>[a-z0-9-]+):\d{12}:accesspoint[/:].+")
# Where AWS wants a signature, and for which service: the host says it.
_SIGNED_HOST = re.compile(r"[^.]+\.(?P<service>lambda-url|execute-api)\.(?P<region>[a-z0-9-]+)\..+")
_SIGNED_PATH = "/_lambda-url/"  # of the local endpoint
_FUNCTION = re.compile(
    r"(?P<name>(?:arn:[a-z-]+:lambda:(?P<region>[a-z0-9-]+):)?[\w:$-]+)/(?P<bucket>[^/]+)"
)


@dataclass(frozen=True, slots=True)
class AccessPointAddress:
    """An Object Lambda access point, or a bucket that holds results already.

    Parameters
    ----------
    bucket : str
        Its ARN, its alias or its name: what SDKs take for a bucket's name.
    region : str, optional
        Where the address says it.
    transforms : bool
        Whether a function answers, and not S3 alone.
    """

    bucket: str
    region: str | None
    transforms: bool


@dataclass(frozen=True, slots=True)
class FunctionUrl:
    """The function behind HTTP.

    Parameters
    ----------
    url : str
        With the bucket's alias, without a slash at its end.
    service : str, optional
        What requests must be signed for: ``lambda`` or ``execute-api``; None where they need not be.
    region : str, optional
        Where the host says it.
    """

    url: str
    service: str | None
    region: str | None


@dataclass(frozen=True, slots=True)
class FunctionAddress:
    """The function itself, to be invoked.

    Parameters
    ----------
    name : str
        Its name or ARN, with or without a qualifier.
    bucket : str
        What the function calls the bucket.
    region : str, optional
        Where an ARN says it.
    """

    name: str
    bucket: str
    region: str | None


@dataclass(frozen=True, slots=True)
class FolderAddress:
    """A folder on this machine, which stands for a bucket.

    Parameters
    ----------
    path : Path
    """

    path: Path


ReaderAddress = AccessPointAddress | FunctionUrl | FunctionAddress | FolderAddress


def parse_address(text: str) -> ReaderAddress:
    """Read an address.

    Raises
    ------
    CannotOpen
        Naming the forms that there are.
    """
    scheme, _, rest = text.partition(":")
    match scheme:
        case "arn" if arn := _ARN.fullmatch(text):
            return AccessPointAddress(text, arn["region"], transforms=True)
        case "s3" if rest.startswith("//") and BUCKET_NAME.fullmatch(rest[2:]):
            return AccessPointAddress(rest[2:], None, transforms=rest.endswith(OBJECT_LAMBDA_ALIAS))
        case "https" | "http":
            return _function_url(text)
        case "lambda" if function := _FUNCTION.fullmatch(rest):
            return FunctionAddress(function["name"], function["bucket"], function["region"])
        case "file" if rest.strip("/") and (rest.startswith("///") or not rest.startswith("//")):
            return FolderAddress(Path(rest.removeprefix("//")))
    raise _unknown(text)


def _function_url(text: str) -> FunctionUrl:
    try:
        parts = urlsplit(text)
        host, path = parts.hostname, parts.path.rstrip("/")
    except ValueError:
        host, path = None, ""
    if not host or parts.query or parts.fragment or parts.username is not None:
        raise CannotOpen(
            "over HTTP an address is https://HOST/BUCKET, and has no query nor password in it"
        )
    if not path or (path.startswith(_SIGNED_PATH) and path.count("/") < 3):
        raise CannotOpen(
            f"{text} names no bucket: put what the function calls it behind it, URL/BUCKET"
        )
    url = f"{parts.scheme}://{parts.netloc}{path}"
    if signed := _SIGNED_HOST.fullmatch(host):
        service = "lambda" if signed["service"] == "lambda-url" else signed["service"]
        return FunctionUrl(url, service, signed["region"])
    return FunctionUrl(url, "lambda" if path.startswith(_SIGNED_PATH) else None, None)


def _unknown(text: str) -> CannotOpen:
    return CannotOpen(f"{text!r} is no address of a reader's. There are:\n{FORMS}")
