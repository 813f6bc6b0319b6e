"""A bucket of S3, for what obstore cannot do: listings, and keys that it cannot name."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import field
from typing import Literal
from urllib.parse import quote, urlencode
from xml.etree import ElementTree as ET

from jitprep.service.messages import ListingName, Presigned
from jitprep.service.source.aws_credentials import StoreCredentials
from jitprep.service.source.stored.store_errors import without_credentials
from jitprep.service.source.stores import SourceUrl
from jitprep.sigv4.signing import SigningCredentials, sign
from preprocessing.frozen import frozen

_DEFAULT_REGION = "us-east-1"
# Parameters of a listing that hold a key, or the beginning of one.
_OF_BUCKET = frozenset({"marker", "prefix", "start-after"})
# Elements of a listing that hold a key, or the beginning of one.
_NAMES = frozenset({"Key", "Marker", "NextMarker", "Prefix", "StartAfter"})


@frozen
class S3Bucket:
    """A bucket, and how its requests are signed.

    Parameters
    ----------
    url : SourceUrl
    endpoint : str, optional
        The URL of another store than AWS's.
    region : str, optional
    credentials : callable, optional
        Returns `StoreCredentials`; None for a public bucket, whose requests are not signed.
    """

    url: SourceUrl
    endpoint: str | None
    region: str | None
    credentials: Callable[[], StoreCredentials] | None = field(repr=False)

    @property
    def base(self) -> str:
        """The URL of the bucket, without a slash at its end."""
        name = self.url.host
        if self.endpoint is not None:
            return f"{self.endpoint.rstrip('/')}/{name}"
        region = self.region or _DEFAULT_REGION
        domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        if "." in name:  # TLS's wildcard certificate does not match a bucket with dots
            return f"https://s3.{region}.{domain}/{name}"
        return f"https://{name}.s3.{region}.{domain}"

    def signed_object(
        self, method: Literal["GET", "HEAD"], path: str, version: str | None
    ) -> Presigned:
        """Return a source of an object by its name in the bucket."""
        query = f"?{urlencode({'versionId': version})}" if version else ""
        return self._signed(method, f"{self.base}/{quote(path, safe='/~')}{query}")

    def signed_listing(self, page: ListingName) -> Presigned:
        """Return a source of a page of the listing below the source's prefix."""
        query = {"list-type": "2"} if page.version == 2 else {}
        asked = dict(page.parameters)
        if self.url.prefix:
            asked.setdefault("prefix", "")
        for parameter, text in asked.items():
            within = parameter in _OF_BUCKET and (text or parameter == "prefix")
            query[parameter] = f"{self.url.prefix}{text}" if within else text
        return self._signed(
            "GET", f"{self.base}?{urlencode(sorted(query.items()), quote_via=quote)}"
        )

    def relative(self, xml: bytes, name: str) -> bytes:
        """Return a listing with another name for the bucket, and with keys without the prefix."""
        try:
            root = ET.fromstring(xml)  # noqa: S314  # the store's own, bounded
        except (ET.ParseError, ValueError, LookupError):  # the last two for its encoding
            return xml  # refused where sizes and ETags are put in
        space = root.tag.partition("}")[0] + "}" if root.tag.startswith("{") else ""
        named = root.find(f"{space}Name")
        if named is not None:
            named.text = name
        if self.url.prefix:
            coded = root.findtext(f"{space}EncodingType") == "url"
            spelt = _encoded(self.url.prefix) if coded else re.escape(self.url.prefix)
            prefix = re.compile(rf"\A{spelt}")
            for element in root.iter():
                if element.tag.removeprefix(space) in _NAMES:
                    element.text = prefix.sub("", element.text or "", count=1)
        whole: bytes = ET.tostring(
            root,
            encoding="utf-8",
            xml_declaration=True,
            default_namespace=space.strip("{}") or None,
        )
        return whole

    def _signed(self, method: str, url: str) -> Presigned:
        if self.credentials is None:
            return Presigned(url, endpoint=self.base, place=self.url.place)
        try:
            found = self.credentials()
        except Exception:  # of a program, a file or a service: its message may be anything
            raise without_credentials(self.url.place) from None
        pair = SigningCredentials(found.access_key, found.secret_key, found.token)
        headers = sign(method, url, {}, pair, self.region or _DEFAULT_REGION)
        del headers["host"]  # the connection sends it
        return Presigned(url, headers, endpoint=self.base, place=self.url.place)


def _encoded(prefix: str) -> str:
    """Return a pattern that matches a prefix, whichever of its characters are percent-encoded.

    AWS writes a slash as it is, Ceph as ``%2F``.
    """
    return "".join(map(_encoded_byte, prefix.encode()))


def _encoded_byte(byte: int) -> str:
    spellings = [f"%{byte:02X}", f"%{byte:02x}", *(["[+]"] if byte == ord(" ") else [])]
    if byte < 128 and byte != ord("%"):
        spellings.append(re.escape(chr(byte)))
    return f"(?:{'|'.join(spellings)})"
