"""One page of a listing as S3 writes it: what is asked for, which keys are on it, and its XML."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import quote
from xml.sax.saxutils import escape

from jitprep.service.errors import RequestFailed
from preprocessing.frozen import frozen
from preprocessing.names import is_utf8

# S3 lists at most so many keys at once.
_MOST = 1000
_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_EPOCH = datetime.fromtimestamp(0, UTC)


@frozen
class Listed:
    """An object of a listing, or a folder that stands for the objects in it.

    Parameters
    ----------
    key : str
    size : int
    changed : datetime
    etag : str
        In quotes.
    """

    key: str
    size: int = 0
    changed: datetime = _EPOCH
    etag: str = ""


@frozen
class PageRequest:
    """What a client asks of a listing.

    Parameters
    ----------
    prefix, delimiter : str
    most : int
        How many keys and groups the page may have.
    after : str
        The key or group that the page begins after; empty for the first page.
    encoded : bool
        Whether keys are to be percent-encoded.
    version : {1, 2}
        Of the API, ListObjects or ListObjectsV2.
    echo : mapping of str to str
        What the answer repeats of the request, by its names there.
    """

    prefix: str
    delimiter: str
    most: int
    after: str
    encoded: bool
    version: Literal[1, 2]
    echo: Mapping[str, str]

    @classmethod
    def of(cls, parameters: Mapping[str, str], version: Literal[1, 2]) -> PageRequest:
        """Read the query of a request.

        Raises
        ------
        RequestFailed
            ``InvalidArgument``.
        """
        if not all(map(is_utf8, parameters.values())):
            raise _invalid("parameters must be UTF-8")
        most = parameters.get("max-keys") or str(_MOST)
        if not (most.isascii() and most.isdecimal() and len(most) <= 10):
            raise _invalid("max-keys must be a whole number, 0 or more")
        encoding = parameters.get("encoding-type", "")
        if encoding not in {"", "url"}:
            raise _invalid("encoding-type must be url")
        if version == 1:
            after = parameters.get("marker", "")
            echo = {"Marker": after}
        else:
            token, start = parameters.get("continuation-token"), parameters.get("start-after", "")
            after = start if token is None else _from_token(token)
            echo = {"StartAfter": start} if start else {}
            if token is not None:
                echo["ContinuationToken"] = token
        return cls(
            parameters.get("prefix", ""),
            parameters.get("delimiter", ""),
            min(int(most), _MOST),
            after,
            encoding == "url",
            version,
            echo,
        )

    def group_of(self, key: str) -> str | None:
        """Return the common prefix that a key falls into; None where it is listed itself."""
        if not self.delimiter:
            return None
        found = key.find(self.delimiter, len(self.prefix))
        return None if found < 0 else key[: found + len(self.delimiter)]

    def page(self, objects: Iterable[Listed], name: str) -> bytes:
        """Return the page as XML.

        Parameters
        ----------
        objects : iterable of Listed
            In the order of their keys, those before the page left out or not; taken as far as needed.
        name : str
            Of the bucket.
        """
        contents: list[Listed] = []
        groups: list[str] = []
        last, more = self.after, False
        for found, group in self._unlisted(objects):
            if len(contents) + len(groups) == self.most:
                more = self.most > 0
                break
            if group is None:
                contents.append(found)
            else:
                groups.append(group)
            last = group or found.key
        return self._xml(name, contents, groups, last if more else None)

    def _unlisted(self, objects: Iterable[Listed]) -> Iterator[tuple[Listed, str | None]]:
        """Yield what is named on this page and later ones: each object, or once its group."""
        last = self.after
        for found in objects:
            if not found.key.startswith(self.prefix):
                continue
            group = self.group_of(found.key)
            named = group or found.key
            if named > last:
                last = named
                yield found, group

    def _xml(self, name: str, contents: list[Listed], groups: list[str], more: str | None) -> bytes:
        fields = {"Name": name, "Prefix": self._key(self.prefix)}
        fields |= {label: self._key(text) for label, text in self.echo.items()}
        if "ContinuationToken" in self.echo:
            fields["ContinuationToken"] = self.echo["ContinuationToken"]
        if self.delimiter:
            fields["Delimiter"] = self._key(self.delimiter)
        if self.encoded:
            fields["EncodingType"] = "url"
        fields["MaxKeys"] = str(self.most)
        fields["IsTruncated"] = "false" if more is None else "true"
        if self.version == 2:
            fields["KeyCount"] = str(len(contents) + len(groups))
            if more is not None:
                fields["NextContinuationToken"] = _token(more)
        elif more is not None and self.delimiter:
            fields["NextMarker"] = self._key(more)
        parts = [_element(label, text) for label, text in fields.items()]
        parts += [self._contents(found) for found in contents]
        parts += [
            f"<CommonPrefixes>{_element('Prefix', self._key(group))}</CommonPrefixes>"
            for group in groups
        ]
        body = "".join(parts)
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<ListBucketResult xmlns="{_NAMESPACE}">{body}</ListBucketResult>'
        ).encode()

    def _contents(self, found: Listed) -> str:
        changed = found.changed.astimezone(UTC).isoformat(timespec="milliseconds")
        fields = {
            "Key": self._key(found.key),
            "LastModified": changed.replace("+00:00", "Z"),
            "ETag": found.etag,
            "Size": str(found.size),
            "StorageClass": "STANDARD",
        }
        inside = "".join(_element(label, text) for label, text in fields.items())
        return f"<Contents>{inside}</Contents>"

    def _key(self, text: str) -> str:
        return quote(text, safe="/") if self.encoded else text


def _element(label: str, text: str) -> str:
    # XML's parsers read a carriage return as a line feed unless it is written so.
    return f"<{label}>{escape(text, {chr(13): '&#13;'})}</{label}>"


def _token(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode()


def _from_token(token: str) -> str:
    try:
        return base64.b64decode(token.encode(), b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise _invalid("continuation-token is not one of this server's") from None


def _invalid(words: str) -> RequestFailed:
    return RequestFailed(400, "InvalidArgument", words)
