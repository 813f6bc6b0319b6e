"""Mounts: a name, a source and a pipeline each, and what requests may do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from jitprep.service.errors import RequestFailed
from jitprep.service.messages import ListingName, ObjectName, Presigned
from jitprep.service.source.stored_listing import list_stored
from jitprep.service.source.stored_object import StoredObject
from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from jitprep.server.configuration.references import Reference
    from jitprep.service.config import Policy
    from jitprep.service.deadline import Deadline
    from jitprep.service.source.original_store import OriginalStore
    from jitprep.service.source.stores import SourceUrl


@frozen
class Mount:
    """What clients see as a bucket.

    Parameters
    ----------
    name : str
    source : OriginalStore
    configuration : str
        The pipeline, in the form of an access point's payload.
    policy : Policy
    anonymous : bool
        Whether requests need no key.
    webhook_token : Reference, optional
        What a store's calls must carry.
    """

    name: str
    source: OriginalStore
    configuration: str
    policy: Policy
    anonymous: bool
    webhook_token: Reference | None

    @property
    def url(self) -> SourceUrl:
        """The source's URL."""
        return self.source.url

    @property
    def timeout_s(self) -> float:
        """Seconds that a request may take."""
        return self.source.timeout_s

    @property
    def endpoint_url(self) -> str | None:
        """The URL of the store that a webhook's presigned URLs must be on; None without S3."""
        return None if self.source.bucket is None else self.source.bucket.base

    def first_keys(self, number: int) -> list[str]:
        """Return the first keys of a folder; none where it cannot be listed."""
        # Encoded, since XML cannot represent every name of a file.
        asked = {"max-keys": str(number), "encoding-type": "url"}
        try:
            xml = list_stored(self.url, self.source.store, asked, self.name, 2)
        except RequestFailed:
            return []
        keys = (found for found in ET.fromstring(xml).iter() if found.tag.endswith("}Key"))  # noqa: S314  # our own
        return [unquote(key.text or "") for key in keys]

    def drawn_key(self, key: str) -> str:
        """Return the key that random steps draw from: that in the bucket, or in the folder."""
        return self.source.drawn_key(key)

    def resolve(self, name: ObjectName, method: Literal["GET", "HEAD"]) -> Presigned | StoredObject:
        """Return the source of an object.

        Raises
        ------
        RequestFailed
            ``NotImplemented`` for an owner, which a mount does not compare; what
            `OriginalStore.resolve` raises.
        """
        self._require_comparable(name.owner)
        return self.source.resolve(name.key, method, name.version)

    def list_page(self, name: ListingName, deadline: Deadline) -> bytes:
        """Return a page of the listing of the originals, as S3's XML.

        Raises
        ------
        RequestFailed
            ``NotImplemented`` for an owner; what reading the source raises.
        """
        self._require_comparable(name.owner)
        return self.source.list_page(name, self.name, deadline)

    def _require_comparable(self, owner: str | None) -> None:
        if owner:
            raise RequestFailed(
                501,
                "NotImplemented",
                "a mount has no owner to compare; leave the expected owner out",
            )
