"""Reader by S3's API: an Object Lambda access point, a bucket that holds results, or the server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Self
from urllib.parse import quote

from botocore.exceptions import ClientError

from jitprep.reader.base import require_seed
from jitprep.reader.decode import ReadResult, decode
from jitprep.reader.doors.batches import BatchReader
from jitprep.reader.errors import CannotOpen, ReaderError, Refused, read_error
from jitprep.reader.transport import aws, direct, listing
from jitprep.reader.transport.receiving import Incoming, JointRows, receive_object
from jitprep.reader.transport.retry import with_retries
from jitprep.reader.transport.xml_errors import error_fields
from jitprep.service.config import s3_endpoint
from preprocessing.media import Array

# A key in the URL of a route, which that of an object replaces.
_ANY_KEY = "key"
# Answers of S3 to requests for a bucket of another region.
_REDIRECTS = frozenset({301, 302, 307})
_ELSEWHERE = frozenset({
    *("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"),
})  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class AccessPointReader(BatchReader):
    """Reader by GetObject and ListObjectsV2, with boto3's configuration.

    Parameters
    ----------
    bucket : str
        An access point's ARN or alias, or a bucket's or a mount's name.
    region, endpoint_url : str, optional
        None for AWS's configuration.
    transforms : bool
        Whether a function answers. Otherwise S3 does; or, at another endpoint, perhaps the server.
    any_epoch : bool
        Whether a seed is accepted for results too, which it does not change.

    Raises
    ------
    CannotOpen
        For a seed or a preset, where S3 answers; for a preset of an access point.
    """

    bucket: str
    region: str | None
    endpoint_url: str | None
    transforms: bool
    any_epoch: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.preset and self.transforms:
            raise CannotOpen(
                "this address does not support preset: the owner of the access point chose the pipeline"
            )
        if self._stored:
            self._require_no_choice(CannotOpen)

    @property
    def draws(self) -> bool | None:
        """Whether a seed may change results; None where only the function or the server knows."""
        return False if self._stored else None

    @property
    def takes_whole_keys(self) -> bool:
        """Whether it is an access point, and not a mount or a bucket of results."""
        return self.transforms

    def for_epoch(self, epoch: int) -> Self:
        """Return the reader of an epoch, also where only an answer says whether results are stored."""
        number = require_seed(epoch)
        return self if self._stored else replace(self, seed=number, any_epoch=True)

    def keys(self, prefix: str = "") -> Iterator[str]:
        """List keys, a thousand at a time."""
        yield from listing.visible_keys(self._entries(prefix), prefix)

    def _entries(self, prefix: str) -> Iterator[listing.Entry]:
        token: dict[str, str] = {}
        while True:
            page = with_retries(partial(self._list, prefix, token))
            for found in page.get("Contents", ()):
                yield listing.Entry(found["Key"], found["Size"])
            if not page.get("IsTruncated"):
                return
            following = page.get("NextContinuationToken")
            token = listing.next_page("ContinuationToken", following, token)

    def _get(self, key: str, rows: JointRows | None) -> Array:
        with aws.translate_errors(key):
            client = self._client
            route = direct.route_of(client, "get_object", Bucket=self.bucket, Key=_ANY_KEY)
            if route is None or not key:  # it says what is wrong with the key
                return self._by_client(client, key, rows)
            url = route.url.removesuffix(_ANY_KEY) + quote(key, safe="/~")
            with route.request(url, key, aws.choice_headers(self.seed, self.preset)) as answer:
                self._facts.learn(answer.status, answer.headers)
                if answer.status == 200:
                    if self._stored:
                        self._require_no_choice(Refused)
                    return receive_object(
                        answer, key, Incoming.of(answer.headers, answer.length), rows
                    )
                fields = error_fields(answer.read(), str(answer.status), answer.reason)
            if answer.status not in _REDIRECTS and fields[0] not in _ELSEWHERE:
                raise read_error(answer.status, *fields, key)
            try:
                return self._by_client(client, key, rows)
            finally:
                direct.forget_routes(client)

    def _by_client(self, client: Any, key: str, rows: JointRows | None) -> Array:
        """Read by boto3, which asks proxies, and finds the region of a bucket."""
        with self._learning() as learn, aws.asking_for(self.seed, self.preset):
            answer = client.get_object(Bucket=self.bucket, Key=key)
            learn(answer)
            with closing(answer["Body"]) as stream:
                if self._stored:
                    self._require_no_choice(Refused)
                body = bytearray(stream.read())
        made = decode(ReadResult.stored(body, answer.get("ContentType"), answer["Metadata"]), key)
        return rows.place(key, made) if rows else made

    def _list(self, prefix: str, token: dict[str, str]) -> Any:
        with aws.translate_errors(None), self._learning() as learn:
            page = self._client.list_objects_v2(Bucket=self.bucket, Prefix=prefix, **token)
            learn(page)
            return page

    @contextmanager
    def _learning(self) -> Iterator[Any]:
        """Learn from the answer in the block, also from an error."""

        def learn(answer: Any) -> None:
            about = answer.get("ResponseMetadata", {})
            self._facts.learn(about.get("HTTPStatusCode", 0), about.get("HTTPHeaders", {}))

        try:
            yield learn
        except ClientError as error:
            learn(error.response)
            raise

    @property
    def _stored(self) -> bool | None:
        """Whether the objects are results; None until the first answer of another endpoint."""
        if self.transforms or self._endpoint is None:
            return not self.transforms
        return None if self._facts.serves is None else not self._facts.serves

    def _require_no_choice(self, kind: type[ReaderError]) -> None:
        refused = "preset" if self.preset else "seed" if self.seed and not self.any_epoch else None
        if refused is not None:
            raise kind(
                f"the bucket {self.bucket} holds results, which no {refused} changes; omit the "
                f"{refused}, read through an access point or the server, or write s3://{self.bucket}/ "
                "to transform originals in this process"
            )

    @property
    def _batch_url(self) -> str:
        return f"{self._client.meta.endpoint_url}/_batch/{quote(self.bucket)}"

    def _batch_headers(self, body: bytes) -> dict[str, str]:
        me, region = aws.identity(), self._client.meta.region_name
        if me.credentials is None:
            return {}
        return aws.signature_headers("POST", self._batch_url, "s3", region, me.credentials, body)

    @property
    def _endpoint(self) -> str | None:
        return self.endpoint_url or s3_endpoint()

    @property
    def _client(self) -> Any:
        url = self._endpoint
        # SDKs turn an ARN into a host name that only AWS resolves. A proxy needs no such name.
        by_proxy = self.bucket.startswith("arn:") and (url or "").startswith("http://")
        made_of = aws.ClientSettings("s3", self.region, url, self.threads, by_proxy)
        return aws.shared_client(made_of)
