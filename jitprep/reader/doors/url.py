"""Reader over HTTP: a Function URL, an API in front of the function, a CDN, or the server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from types import MappingProxyType
from typing import TypeVar
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from jitprep.reader.doors.batches import BatchReader
from jitprep.reader.errors import CannotOpen, Refused, Unavailable
from jitprep.reader.transport import aws, listing, web
from jitprep.reader.transport.answer import Answer
from jitprep.reader.transport.receiving import (
    ASKING_FOR_CHECKSUMS,
    Incoming,
    JointRows,
    receive_object,
)
from jitprep.reader.transport.retry import with_retries
from preprocessing.media import Array

_T = TypeVar("_T")

_FORBIDDEN = 403
# Characters of a path as RFC 3986 writes them, and of escapes.
_OF_PATHS = "/%:@!$&'()*+,;=~"
# The server takes a signature for any region, and a machine without AWS has none.
_ANY_REGION = "us-east-1"


@dataclass(frozen=True, kw_only=True)
class UrlReader(BatchReader):
    """Reader by ``GET /<bucket>/<key>``, signed where AWS or the server requires it.

    Parameters
    ----------
    url : str
        Includes the bucket's alias, or the mount; does not end in a slash.
    service : str, optional
        AWS's service to sign requests for, where there are credentials. With None, requests are
        unsigned, until the server asks for a signature.
    region : str, optional
        None for AWS's configuration.
    """

    url: str
    service: str | None
    region: str | None

    @property
    def takes_whole_keys(self) -> bool:
        """Whether the address is AWS's, and so a function's."""
        return self.service is not None

    def keys(self, prefix: str = "") -> Iterator[str]:
        """List keys, a thousand at a time."""
        return listing.list_keys(lambda query: with_retries(partial(self._list, query)), prefix)

    def _get(self, key: str, rows: JointRows | None) -> Array:
        if not {".", ".."}.isdisjoint(key.split("/")):
            raise Refused(
                "a URL cannot contain a key with . or .. as a name; read it through S3 or Invoke",
                key=key,
            )
        chosen = {"pipeline": self.preset} if self.preset else {}
        if self.seed:
            chosen["seed"] = str(self.seed)

        def take(answer: Answer) -> Array:
            incoming = Incoming.of(answer.headers, answer.length)
            if answer.status == 200:
                return receive_object(answer, key, incoming, rows)
            tls, aside = self.url.startswith("https:"), answer.headers.get("location", "")
            with web.redirected(aside, key, tls=tls) as target:
                return receive_object(target, key, replace(incoming, nbytes=target.length), rows)

        return self._ask(f"/{quote(key)}", chosen, key, take, ASKING_FOR_CHECKSUMS)

    def _list(self, query: Mapping[str, str]) -> bytes:
        return self._ask("", query, None, Answer.read)

    def _ask(
        self,
        path: str,
        query: Mapping[str, str],
        key: str | None,
        take: Callable[[Answer], _T],
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> _T:
        """Send a GET, and return what `take` makes of the answer."""
        url = (
            _sendable(self.url) + path + (f"?{urlencode(query, quote_via=quote)}" if query else "")
        )

        def send(signature: Mapping[str, str]) -> _T:
            with web.http_get(url, {**headers, **signature}, key, self._facts.learn) as answer:
                return take(answer)

        with aws.translate_errors(key):
            signature = self._signature("GET", url, headers=headers)
            try:
                return send(signature)
            except Refused as error:
                if error.status != _FORBIDDEN or signature:
                    raise
                # A mount that is not anonymous. Other hosts get no signature.
                self._facts.keyed = bool(self._facts.serves)
                if self._signs_for is None:
                    raise
            if signature := self._signature("GET", url, headers=headers):
                return send(signature)
            # A machine that is starting has no credentials yet.
            aws.forget()
            raise Unavailable(
                "the request was refused because it is not signed, and no credentials were found; set "
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or check the name of the mount",
                key=key,
                code="NoCredentials",
                status=_FORBIDDEN,
            )

    @property
    def _batch_url(self) -> str:
        base, _, mount = _sendable(self.url).rpartition("/")
        return f"{base}/_batch/{mount}"

    def _batch_headers(self, body: bytes) -> dict[str, str]:
        return self._signature("POST", self._batch_url, body)

    @property
    def _signs_for(self) -> str | None:
        """The service to sign requests for, as far as the reader knows."""
        return "s3" if self._facts.keyed else self.service

    def _signature(
        self,
        method: str,
        url: str,
        body: bytes = b"",
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> dict[str, str]:
        """Return the headers that sign a request, and those that it signs; none without credentials."""
        service = self._signs_for
        if service is None:
            return {}
        me = aws.identity()
        if me.credentials is None:  # the URL may be public
            return {}
        region = self.region or me.region or (_ANY_REGION if self._facts.keyed else None)
        if region is None:
            raise CannotOpen(
                f"requests to {self.url} are signed for a region; set AWS_DEFAULT_REGION"
            )
        return aws.signature_headers(method, url, service, region, me.credentials, body, headers)


@lru_cache(maxsize=32)
def _sendable(url: str) -> str:
    """Return a URL with what its path cannot have percent-encoded."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=quote(parts.path, safe=_OF_PATHS)))
