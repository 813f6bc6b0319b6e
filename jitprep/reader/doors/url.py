"""Reader over HTTP: a Function URL, an API in front of the function, or a CDN."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote, urlencode

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from urllib3 import BaseHTTPResponse

from jitprep.reader.base import Reader
from jitprep.reader.decode import ReadResult, decode
from jitprep.reader.errors import CannotOpen, Refused, Unavailable
from jitprep.reader.transport import aws, listing, web
from jitprep.reader.transport.retry import with_retries
from preprocessing.media import Array

_FORBIDDEN = 403


@dataclass(frozen=True, kw_only=True)
class UrlReader(Reader):
    """Reader by ``GET /<bucket>/<key>``, signed where AWS requires it.

    Parameters
    ----------
    url : str
        Includes the bucket's alias; does not end in a slash.
    service : str, optional
        Service to sign requests for, where there are credentials; None for unsigned requests.
    region : str, optional
        None for AWS's configuration.
    preset : str, optional
        Preset to run; None for the function's default.
    """

    url: str
    service: str | None
    region: str | None
    preset: str | None

    def get(self, key: str) -> Array:
        """Read one object."""
        return decode(with_retries(partial(self._get, key)), key)

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
        with aws.translate_errors(key):
            signature = self._signature(url)
            try:
                return web.http_get(url, signature, key, self.threads)
            except Refused as error:
                if error.status != _FORBIDDEN or signature or self.service is None:
                    raise
            # A machine that is starting has no credentials yet.
            aws.forget()
            raise Unavailable(
                "the request was refused because it was not signed: no credentials were found",
                key=key,
                code="NoCredentials",
                status=_FORBIDDEN,
            )

    def _signature(self, url: str) -> Mapping[str, str]:
        """Return the headers that sign a GET; none without credentials."""
        if self.service is None:
            return {}
        me = aws.identity()
        if me.credentials is None:  # the URL may be public
            return {}
        region = self.region or me.region
        if region is None:
            raise CannotOpen(
                f"requests to {self.url} are signed for a region; set AWS_DEFAULT_REGION"
            )
        request = AWSRequest("GET", url)
        SigV4Auth(me.credentials.get_frozen_credentials(), self.service, region).add_auth(request)
        return dict(request.headers)
