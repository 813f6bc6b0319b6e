"""A store of originals: a folder, bucket, container or web server, and the part of it that is meant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal

from jitprep.service.errors import RequestFailed
from jitprep.service.messages import ListingName, Presigned
from jitprep.service.source.aws_credentials import StoreCredentials
from jitprep.service.source.hosts import ParsedUrl
from jitprep.service.source.original import MOST_TRIES, read_signed_page
from jitprep.service.source.stored.obstore_process import obstore_is_here
from jitprep.service.source.stored.s3_bucket import S3Bucket
from jitprep.service.source.stored_listing import list_stored
from jitprep.service.source.stored_object import StoredObject, nameable
from jitprep.service.source.stores import SourceUrl, open_store
from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from jitprep.service.deadline import Deadline


@frozen
class OriginalStore:
    """An opened store, whose objects are named by keys relative to its prefix.

    Parameters
    ----------
    url : SourceUrl
    store : Folder, a store of obstore, or None
        None for S3 that is read by signed requests alone.
    bucket : S3Bucket, optional
        The same store, where it is S3.
    timeout_s : float
        Seconds that reading an object may take.
    """

    url: SourceUrl
    store: Any = field(repr=False)
    bucket: S3Bucket | None
    timeout_s: float

    @classmethod
    def open(
        cls,
        url: SourceUrl,
        *,
        endpoint: str | None,
        region: str | None,
        credentials: Callable[[], StoreCredentials] | None,
        anonymous: bool = False,
        timeout_s: float,
    ) -> OriginalStore:
        """Open a store. Nothing is sent yet.

        Parameters
        ----------
        url : SourceUrl
        endpoint, region : str, optional
            Of S3, as for `open_store`.
        credentials : callable, optional
            Of S3; None with `anonymous`, and for other stores.
        anonymous : bool
            Send requests without a signature.
        timeout_s : float

        Raises
        ------
        ValueError
            For an endpoint that is not a URL; what `open_store` raises.
        """
        if endpoint is not None and (ParsedUrl.of(endpoint) is None or "?" in endpoint):
            raise ValueError(
                "endpoint must be the URL of a host, such as http://minio:9000, without a user and "
                "a query"
            )
        store = open_store(
            url,
            endpoint=endpoint,
            region=region,
            credentials=credentials,
            anonymous=anonymous,
            timeout_s=timeout_s,
        )
        bucket = S3Bucket(url, endpoint, region, credentials) if url.scheme == "s3" else None
        return cls(url, store, bucket, timeout_s)

    @classmethod
    def signed(
        cls,
        url: SourceUrl,
        *,
        endpoint: str | None,
        region: str | None,
        credentials: Callable[[], StoreCredentials],
        timeout_s: float,
    ) -> OriginalStore:
        """Open a bucket of S3 that is read by signed requests alone, which needs no obstore.

        It serves a person who looks at objects. A loader reads many at once, which obstore does better.
        The parameters are those of `open`.
        """
        return cls(url, None, S3Bucket(url, endpoint, region, credentials), timeout_s)

    def drawn_key(self, key: str) -> str:
        """Return the key that random steps draw from: that in the bucket, or in the folder."""
        return key if self.url.scheme == "file" else self.url.path_of(key)

    def resolve(
        self, key: str, method: Literal["GET", "HEAD"] = "GET", version: str | None = None
    ) -> Presigned | StoredObject:
        """Return the source of an object.

        S3's objects are read by a signed request where obstore is not used, cannot name them, or cannot
        read in this process.

        Raises
        ------
        RequestFailed
            ``NotImplemented`` for a version of a store that has none; ``InvalidRequest`` for an empty
            key, and for one that an object may have, but that cannot be read.
        """
        if version is not None and self.bucket is None:
            raise RequestFailed(
                501,
                "NotImplemented",
                f"{self.url.scheme}:// sources have no versions; leave versionId out",
            )
        path = self.url.path_of(key)
        # A folder is read without obstore, and refuses what no file can be named.
        if self.url.scheme == "file" or (
            self.store is not None and nameable(path) and (self.bucket is None or obstore_is_here())
        ):
            return StoredObject(self.store, key, path, self.url.place, version, self.timeout_s)
        if not key:
            raise RequestFailed(400, "InvalidRequest", "the object's key is empty; name an object")
        if self.bucket is None:
            raise RequestFailed(
                400,
                "InvalidRequest",
                f"{key!r} cannot be read from {self.url.scheme}://: between its slashes a part is "
                "empty or dots, or it has a control character",
            )
        return self.bucket.signed_object(method, path, version)

    def list_page(
        self, page: ListingName, name: str, deadline: Deadline, tries: int = MOST_TRIES
    ) -> bytes:
        """Return a page of the listing below the prefix, as S3's XML.

        Parameters
        ----------
        page : ListingName
            Its parameters and its version count.
        name : str
            What the listing calls the bucket.
        deadline : Deadline
        tries : int
            That a request to S3 has.

        Raises
        ------
        RequestFailed
            ``NotImplemented`` for web servers; what reading the store raises.
        """
        if self.bucket is not None:
            xml = read_signed_page(self.bucket.signed_listing(page), deadline, tries)
            return self.bucket.relative(xml, name)
        return list_stored(self.url, self.store, page.parameters, name, page.version)
