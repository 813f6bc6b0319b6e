"""Places of the page of `jitprep up`: the endpoint's buckets, as a client of S3 sees them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from jitprep.service.deadline import Deadline
from jitprep.service.errors import RequestFailed
from jitprep.service.messages import Presigned
from jitprep.service.source.aws_credentials import StoreCredentials
from jitprep.service.source.original import read_signed_page
from jitprep.service.source.original_store import OriginalStore
from jitprep.service.source.stores import SourceUrl
from jitprep.sigv4.signing import SigningCredentials, sign

if TYPE_CHECKING:
    from jitprep.emulator import Endpoint
    from jitprep.playground.places import Place

_TIMEOUT_S = 60.0


class EndpointPlaces:
    """A function that returns the buckets of an endpoint, which is set once it runs.

    Parameters
    ----------
    named : iterable of str
        Buckets that are places where the S3 behind the endpoint does not list them.
    """

    endpoint: Endpoint

    def __init__(self, named: Iterable[str]) -> None:
        self._named = tuple(named)

    def __call__(self) -> list[Place]:
        """Return the buckets that there are now."""
        from jitprep.playground.places import Place  # noqa: PLC0415  at the first look

        found = []
        for name in dict.fromkeys((*self._named, *self._listed())):
            url = SourceUrl("s3", name)
            found.append(Place(name, url, partial(self._open, url)))
        return found

    def _listed(self) -> list[str]:
        config, url = self.endpoint.config, f"{self.endpoint.url}/"
        pair = SigningCredentials(config.access_key, config.secret_key, config.session_token)
        headers = sign("GET", url, {}, pair, config.region)
        del headers["host"]  # the connection sends it
        source = Presigned(url, headers, endpoint=self.endpoint.url)
        try:
            xml = read_signed_page(source, Deadline(time.monotonic() + _TIMEOUT_S))
        except RequestFailed as failure:
            if failure.status != 403:
                raise
            return []
        root = ET.fromstring(xml)  # noqa: S314  # the endpoint's own
        return [each.text or "" for each in root.iter() if each.tag.endswith("}Name")]

    def _open(self, url: SourceUrl) -> OriginalStore:
        config = self.endpoint.config
        keys = StoreCredentials(config.access_key, config.secret_key, config.session_token)
        return OriginalStore.signed(
            url,
            endpoint=self.endpoint.url,
            region=config.region,
            credentials=lambda: keys,
            timeout_s=_TIMEOUT_S,
        )
