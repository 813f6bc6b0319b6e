"""Mounts: a name, a source and a pipeline each, and what requests may do."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from jitprep.server.configuration.s3_bucket import S3Bucket
from jitprep.service.errors import RequestFailed
from jitprep.service.messages import ListingName, ObjectName, Presigned
from jitprep.service.source.original import read_signed_page
from jitprep.service.source.stored_listing import list_stored
from jitprep.service.source.stored_object import StoredObject, nameable
from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from jitprep.server.configuration.references import Reference
    from jitprep.service.config import Policy
    from jitprep.service.deadline import Deadline
    from jitprep.service.source.stores import SourceUrl


@frozen
class Mount:
    """What clients see as a bucket.

    Parameters
    ----------
    name : str
    url : SourceUrl
    store : Any
        As `jitprep.service.source.stores.open_store` returns it.
    bucket : S3Bucket, optional
        The source, where it is S3.
    configuration : str
        The pipeline, in the form of an access point's payload.
    policy : Policy
    timeout_s : float
        Seconds that a request may take.
    anonymous : bool
        Whether requests need no key.
    webhook_token : Reference, optional
        What a store's calls must carry.
    """

    name: str
    url: SourceUrl
    store: Any = field(repr=False)
    bucket: S3Bucket | None
    configuration: str
    policy: Policy
    timeout_s: float
    anonymous: bool
    webhook_token: Reference | None

    @property
    def endpoint_url(self) -> str | None:
        """The URL of the store that a webhook's presigned URLs must be on; None without S3."""
        return None if self.bucket is None else self.bucket.base

    def first_keys(self, number: int) -> list[str]:
        """Return the first keys of a folder; none where it cannot be listed."""
        # Encoded, since XML cannot represent every name of a file.
        asked = {"max-keys": str(number), "encoding-type": "url"}
        try:
            xml = list_stored(self.url, self.store, asked, self.name, 2)
        except RequestFailed:
            return []
        keys = (found for found in ET.fromstring(xml).iter() if found.tag.endswith("}Key"))  # noqa: S314  # our own
        return [unquote(key.text or "") for key in keys]

    def drawn_key(self, key: str) -> str:
        """Return the key that random steps draw from: that in the bucket, or in the folder."""
        return key if self.url.scheme == "file" else self.url.path_of(key)

    def resolve(self, name: ObjectName, method: Literal["GET", "HEAD"]) -> Presigned | StoredObject:
        """Return the source of an object.

        Raises
        ------
        RequestFailed
            ``NotImplemented`` for an owner, which a mount does not compare, or for a version of a source
            that has none; ``InvalidRequest`` for a key that an object may have, but that obstore cannot
            read.
        """
        self._require_comparable(name.owner)
        if name.version is not None and self.bucket is None:
            raise RequestFailed(
                501,
                "NotImplemented",
                f"{self.url.scheme}:// sources have no versions; leave versionId out",
            )
        path = self.url.path_of(name.key)
        # A folder is read without obstore, and refuses what no file can be named.
        if self.url.scheme == "file" or nameable(path):
            return StoredObject(
                self.store, name.key, path, self.url.place, name.version, self.timeout_s
            )
        if self.bucket is None:
            raise RequestFailed(
                400,
                "InvalidRequest",
                f"{name.key!r} cannot be read from {self.url.scheme}://: between its slashes a part is "
                "empty or dots, or it has a control character",
            )
        return self.bucket.signed_object(method, path, name.version)

    def list_page(self, name: ListingName, deadline: Deadline) -> bytes:
        """Return a page of the listing of the originals, as S3's XML.

        Raises
        ------
        RequestFailed
            ``NotImplemented`` for an owner; what reading the source raises.
        """
        self._require_comparable(name.owner)
        if self.bucket is not None:
            xml = read_signed_page(self.bucket.signed_listing(name), deadline)
            return self.bucket.relative(xml, self.name)
        return list_stored(self.url, self.store, name.parameters, self.name, name.version)

    def _require_comparable(self, owner: str | None) -> None:
        if owner:
            raise RequestFailed(
                501,
                "NotImplemented",
                "a mount has no owner to compare; leave the expected owner out",
            )
