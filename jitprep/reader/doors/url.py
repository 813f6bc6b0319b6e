"""Reader over HTTP: a Function URL, an API in front of the function, a CDN, or the server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote, urlencode

from urllib3 import BaseHTTPResponse

from jitprep.reader.decode import ReadResult
from jitprep.reader.doors.batches import BatchReader
from jitprep.reader.errors import CannotOpen, Refused, Unavailable
from jitprep.reader.transport import aws, listing, web
from jitprep.reader.transport.retry import with_retries

_FORBIDDEN = 403
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

    def keys(self, prefix: str = "") -> Iterator[str]:
        """List keys, a thousand at a time."""
        return listing.list_keys(lambda query: with_retries(partial(self._list, query)), prefix)

    def _get(self, key: str) -> ReadResult:
        if not {".", ".."}.isdisjoint(key.split("/")):
            raise Refused(
                "a URL cannot contain a key with . or .. as a name; read it through S3 or Invoke",
                key=key,
            )
        chosen = {"pipeline": self.preset} if self.preset else {}
        if self.seed:
            chosen["seed"] = str(self.seed)
        answer = self._ask(f"/{quote(key)}", chosen, key)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        if answer.status == 200:
            return ReadResult.of(bytearray(answer.data), headers)
        tls, aside = self.url.startswith("https:"), headers.get("location", "")
        return ReadResult.of(web.follow_redirect(aside, key, self.threads, tls=tls), headers)

    def _list(self, query: Mapping[str, str]) -> bytes:
        answer = self._ask("", query, None)
        return answer.data

    def _ask(self, path: str, query: Mapping[str, str], key: str | None) -> BaseHTTPResponse:
        url = self.url + path + (f"?{urlencode(query, quote_via=quote)}" if query else "")
        send = partial(
            web.http_get, url, key=key, connections=self.threads, learn=self._facts.learn
        )
        with aws.translate_errors(key):
            signature = self._signature("GET", url)
            try:
                return send(headers=signature)
            except Refused as error:
                if error.status != _FORBIDDEN or signature:
                    raise
                # A mount that is not anonymous. Other hosts get no signature.
                self._facts.keyed = bool(self._facts.serves)
                if self._signs_for is None:
                    raise
            if signature := self._signature("GET", url):
                return send(headers=signature)
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
        base, _, mount = self.url.rpartition("/")
        return f"{base}/_batch/{mount}"

    def _batch_headers(self, body: bytes) -> dict[str, str]:
        return self._signature("POST", self._batch_url, body)

    @property
    def _signs_for(self) -> str | None:
        """The service to sign requests for, as far as the reader knows."""
        return "s3" if self._facts.keyed else self.service

    def _signature(self, method: str, url: str, body: bytes = b"") -> dict[str, str]:
        """Return the headers that sign a request; none without credentials."""
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
        return aws.signature_headers(method, url, service, region, me.credentials, body)
