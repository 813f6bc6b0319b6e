"""The endpoint's own requests to S3: signatures, whole objects, and access points."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, unquote, unquote_plus, urlencode
from xml.etree import ElementTree as ET

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from jitprep.emulator.control.access_points import ALIAS_ENDING
from jitprep.emulator.data_plane.upstream import Upstream
from jitprep.emulator.s3_errors import S3Error

S3_ALIAS_ENDING = "-s3alias"
_SUPPORTING = re.compile(r"arn:[^:]+:s3:[^:]*:(?P<account>\d{12}):accesspoint/(?P<name>.+)")
_SOURCE = re.compile(
    r"arn:[^:]+:s3:[^:]*:(?P<account>\d{12}):accesspoint/(?P<name>[^/]+)/object/(?P<key>.+)",
    re.DOTALL,
)
_OBJECT_LAMBDA_ARN = re.compile(r"arn:[^:]+:s3-object-lambda:")


@dataclass(frozen=True)
class Signer:
    """Signs requests to S3 with the endpoint's own credentials."""

    access_key: str
    secret_key: str
    session_token: str | None
    region: str
    expires_s: int

    def presign(
        self, method: str, url: str, query: Sequence[tuple[str, str]], headers: Mapping[str, str]
    ) -> str:
        """Return ``url`` with a query and a signature; the client must send ``headers`` with it."""
        full = f"{url}?{urlencode(query, quote_via=quote)}" if query else url
        request = AWSRequest(method, full, headers=dict(headers))
        S3SigV4QueryAuth(self._credentials, "s3", self.region, self.expires_s).add_auth(request)
        return str(request.url)

    def sign(self, url: str, headers: Mapping[str, str]) -> dict[str, str]:
        """Return the headers of a signed GET of ``url``."""
        request = AWSRequest("GET", url, headers=dict(headers))
        S3SigV4Auth(self._credentials, "s3", self.region).add_auth(request)
        return {name: str(value) for name, value in request.headers.items()}

    @property
    def _credentials(self) -> Credentials:
        return Credentials(self.access_key, self.secret_key, self.session_token)


@dataclass(frozen=True)
class ListingEntry:
    """An object in a listing; ``size`` is in bytes."""

    key: str
    size: int
    modified: datetime
    storage_class: str


@dataclass(frozen=True)
class ObjectClient:
    """Client that lists, reads and writes whole objects.

    Parameters
    ----------
    s3
        The S3 behind the endpoint.
    signer
        Signs the requests.
    """

    s3: Upstream
    signer: Signer

    async def get(self, bucket: str, key: str, version: str | None = None) -> tuple[bytes, str]:
        """Return an object and its ETag without quotes.

        Raises
        ------
        S3Error
            The error that S3 returns.
        """
        query = [("versionId", version)] if version else []
        answer = await self.s3.fetch(self._target("GET", bucket, key, query), {})
        _require_success(answer.status_code, answer.content, f"{bucket}/{key}")
        return answer.content, answer.headers.get("etag", "").strip('"')

    async def put(self, bucket: str, key: str, body: bytes) -> str:
        """Write an object, and return its ETag without quotes. Raises S3Error, S3's own."""
        answer = await self.s3.fetch(self._target("PUT", bucket, key, []), {}, body)
        _require_success(answer.status_code, answer.content, f"{bucket}/{key}")
        return str(answer.headers.get("etag", "")).strip('"')

    async def list(self, bucket: str, prefix: str) -> AsyncIterator[ListingEntry]:
        """List the objects below a prefix. Raises S3Error, S3's own."""
        asked = [("list-type", "2"), ("encoding-type", "url"), ("prefix", prefix)]
        token: str | None = ""
        while token is not None:
            more = [("continuation-token", token)] if token else []
            page = await self._document(bucket, [*asked, *more])
            for entry in page.iterfind("{*}Contents"):
                yield ListingEntry(
                    unquote_plus(entry.findtext("{*}Key", "")),
                    int(entry.findtext("{*}Size", "0")),
                    datetime.fromisoformat(entry.findtext("{*}LastModified", "")),
                    entry.findtext("{*}StorageClass", "STANDARD"),
                )
            token = page.findtext("{*}NextContinuationToken")

    async def is_versioned(self, bucket: str) -> bool:
        """Return whether a bucket has or had versions. Raises S3Error, S3's own."""
        return bool((await self._document(bucket, [("versioning", "")])).findtext("{*}Status"))

    async def _document(self, bucket: str, query: Sequence[tuple[str, str]]) -> ET.Element:
        answer = await self.s3.fetch(self._target("GET", bucket, "", query), {})
        _require_success(answer.status_code, answer.content, bucket)
        return ET.fromstring(answer.content)  # noqa: S314 - from the S3 behind the endpoint

    def _target(self, method: str, bucket: str, key: str, query: Sequence[tuple[str, str]]) -> str:
        url = object_url(self.s3.url, bucket, key)
        return self.signer.presign(method, url, query, {}).removeprefix(self.s3.url)


def _require_success(status: int, body: bytes, what: str) -> None:
    if status == 200:
        return
    try:
        root = ET.fromstring(body)  # noqa: S314 - from the S3 behind the endpoint
    except ET.ParseError:
        root = ET.Element("Error")
    code, message = root.findtext("Code", "InternalError"), root.findtext("Message", "")
    raise S3Error(status, code, f"{what}: {message or f'S3 answered with status {status}.'}")


@dataclass(frozen=True)
class SupportingAccessPoints:
    """The S3 access points that support Object Lambda access points; the S3 inside keeps them.

    Parameters
    ----------
    control
        The S3 inside.
    signer
        Signs the requests.
    account
        The account that owns them.
    """

    control: Upstream
    signer: Signer
    account: str

    async def bucket(self, arn: str) -> str | None:
        """Return the bucket of a supporting access point; None if it does not exist."""
        match = _SUPPORTING.fullmatch(arn)
        if match is None or match["account"] != self.account:
            return None
        return (await self._buckets()).get(f"{match['name']}-{self.account}")

    async def bucket_named(self, name: str) -> str:
        """Return the bucket that ``name``, of a bucket or an access point, refers to."""
        if not name.endswith((f"-{self.account}", S3_ALIAS_ENDING)):
            return name
        return (await self._buckets()).get(name, name)

    async def copy_source(self, text: str) -> str | None:
        """Return the ``x-amz-copy-source`` that names the bucket of an access point.

        None if ``text`` does not name an access point.

        Raises
        ------
        S3Error
            404 if the access point does not exist, 501 if it is one of Object Lambda's.
        """
        path, mark, version = text.partition("?")
        source = unquote(path).removeprefix("/")
        name, _, key = source.partition("/")
        if source.startswith("arn:"):
            if _OBJECT_LAMBDA_ARN.match(source):
                raise _unsupported_source(source)
            match = _SOURCE.fullmatch(source)
            if match is None:
                message = "The ARN of a copy's source must name an access point and an object."
                details = {"ArgumentName": "x-amz-copy-source", "ArgumentValue": text}
                raise S3Error(400, "InvalidArgument", message, details)
            name, key = f"{match['name']}-{match['account']}", match["key"]
        elif name.endswith(ALIAS_ENDING):
            raise _unsupported_source(name)
        elif not name.endswith(S3_ALIAS_ENDING):
            return None
        bucket = (await self._buckets()).get(name)
        if bucket is None:
            message = f"The access point of the copy's source, {name}, does not exist."
            raise S3Error(404, "NoSuchAccessPoint", message, {"AccessPointName": name})
        return f"{bucket}/{quote(key, safe='/~')}{mark}{version}"

    async def _buckets(self) -> dict[str, str]:
        """Return every access point's bucket, by its alias and by ``name-account``."""
        target = "/v20180820/accesspoint"
        signed = self.signer.sign(self.control.url + target, {"x-amz-account-id": self.account})
        response = await self.control.fetch(target, signed)
        if response.status_code != 200:
            found = f"{response.status_code} {response.text[:200]}"
            raise S3Error(500, "InternalError", f"The access points cannot be listed: {found}")
        root = ET.fromstring(response.content)  # noqa: S314 - from the endpoint's own moto
        buckets = {}
        for point in root.iterfind("{*}AccessPointList/{*}AccessPoint"):
            bucket = point.findtext("{*}Bucket", "")
            buckets[f"{point.findtext('{*}Name')}-{self.account}"] = bucket
            buckets[point.findtext("{*}Alias", "")] = bucket
        return buckets


def _unsupported_source(name: str) -> S3Error:
    message = (
        f"{name} is an Object Lambda access point, which cannot be the source of a copy. Read the "
        "object through it, and write the result."
    )
    return S3Error(501, "NotImplemented", message, {"Header": "x-amz-copy-source"})


def object_url(base: str, bucket: str, key: str) -> str:
    """Return the path-style URL of an object, or of the bucket if ``key`` is empty."""
    return f"{base}/{bucket}/{quote(key, safe='/~')}" if key else f"{base}/{bucket}"
