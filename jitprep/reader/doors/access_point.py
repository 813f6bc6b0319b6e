"""Reader of an Object Lambda access point, or of a bucket that holds results."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from jitprep.reader.base import Reader
from jitprep.reader.decode import ReadResult, decode
from jitprep.reader.errors import CannotOpen
from jitprep.reader.transport import aws, listing
from jitprep.reader.transport.retry import with_retries
from preprocessing.media import Array


@dataclass(frozen=True, kw_only=True)
class AccessPointReader(Reader):
    """Reader by GetObject and ListObjectsV2, with boto3.

    Parameters
    ----------
    bucket : str
        An access point's ARN or alias, or a bucket's name.
    region, endpoint_url : str, optional
        None for AWS's configuration.
    transforms : bool
        Whether a function answers; otherwise S3 does.

    Raises
    ------
    CannotOpen
        For a seed, where S3 answers.
    """

    bucket: str
    region: str | None
    endpoint_url: str | None
    transforms: bool

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.seed and not self.transforms:
            raise CannotOpen(
                f"the bucket {self.bucket} holds results, which no seed changes; omit the seed, or read "
                "through an access point"
            )

    @property
    def draws(self) -> bool | None:
        """Whether a seed may change results; None where only the function knows."""
        return None if self.transforms else False

    def get(self, key: str) -> Array:
        """Read one object."""
        return decode(with_retries(partial(self._get, key)), key)

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

    def _get(self, key: str) -> ReadResult:
        with aws.translate_errors(key), aws.asking_for(self.seed):
            answer = self._client.get_object(Bucket=self.bucket, Key=key)
            body = bytearray(answer["Body"].read())
        return ReadResult.stored(body, answer.get("ContentType"), answer["Metadata"])

    def _list(self, prefix: str, token: dict[str, str]) -> Any:
        with aws.translate_errors(None):
            return self._client.list_objects_v2(Bucket=self.bucket, Prefix=prefix, **token)

    @property
    def _client(self) -> Any:
        url = self.endpoint_url or os.environ.get("AWS_ENDPOINT_URL_S3")
        url = url or os.environ.get("AWS_ENDPOINT_URL")
        # SDKs turn an ARN into a host name that only AWS resolves. A proxy needs no such name.
        by_proxy = self.bucket.startswith("arn:") and (url or "").startswith("http://")
        made_of = aws.ClientSettings("s3", self.region, url, self.threads, by_proxy)
        return aws.shared_client(made_of)
