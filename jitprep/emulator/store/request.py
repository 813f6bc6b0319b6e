"""A request to the S3 inside, and its response, in WSGI's terms."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes, urlencode

from jitprep.emulator.s3_errors import S3Error
from jitprep.emulator.s3_xml import XmlElement, s3_document

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_LONGEST_KEY = 1024  # bytes of UTF-8: AWS's "Object key naming guidelines"


@dataclass(frozen=True)
class WsgiRequest:
    """A request to the S3 inside.

    Parameters
    ----------
    method
        The HTTP method.
    bucket, key
        The bucket and key that it names; empty if it names none.
    query
        The query's parameters; of repeated ones, the first.
    environ
        The WSGI environment for moto.
    form
        The Content-Type if it is that of a form, which is curl's default for any body. flask would
        parse the body as a form, and moto would find it empty.
    """

    method: str
    bucket: str
    key: str
    query: Mapping[str, str]
    environ: dict[str, Any]
    form: str | None = None

    @classmethod
    def of(cls, environ: dict[str, Any]) -> WsgiRequest:
        """Parse a WSGI environment. Raises S3Error if the path is not UTF-8, or the key too long."""
        raw_path, _, raw_query = environ["RAW_URI"].partition("?")
        bucket, _, key = raw_path.removeprefix("/").partition("/")
        try:
            names = [unquote_to_bytes(part).decode() for part in (bucket, key)]
        except UnicodeDecodeError:
            raise S3Error(400, "InvalidURI", "Couldn't parse the specified URI.") from None
        if (size := len(names[1].encode())) > _LONGEST_KEY:
            details = {"Size": str(size), "MaxSizeAllowed": str(_LONGEST_KEY)}
            raise S3Error(400, "KeyTooLongError", "Your key is too long", details)
        query: dict[str, str] = {}
        for name, value in parse_qsl(raw_query, keep_blank_values=True):
            query.setdefault(name, value)
        # moto takes the key from RAW_URI. flask only has to find moto's route; it would merge slashes,
        # and not match line feeds.
        way = f"/{bucket}/key" if key else f"/{bucket}"
        environ = {**environ, "PATH_INFO": way}
        content_type = environ.get("CONTENT_TYPE", "")
        is_form = content_type.lower().startswith(_FORMS)
        if is_form:
            environ["CONTENT_TYPE"] = "binary/octet-stream"
        form = content_type if is_form else None
        return cls(environ["REQUEST_METHOD"], names[0], names[1], query, environ, form)

    def header(self, name: str) -> str | None:
        """Return a header's value, or None."""
        value = self.environ.get(f"HTTP_{_variable(name)}")
        return None if value is None else str(value)

    def read_body(self) -> bytes:
        """Return the body, which stays readable. Raises S3Error if it is truncated."""
        stream = self.environ["wsgi.input"]
        if not isinstance(stream, io.BytesIO):
            whole = self.environ.get("wsgi.input_terminated")
            length = int(self.environ.get("CONTENT_LENGTH") or 0)
            try:
                body = stream.read() if whole else stream.read(length)
            except OSError:  # from werkzeug, if a chunk is truncated
                body = None
            if body is None or (not whole and len(body) < length):
                message = "The request body terminated unexpectedly"
                raise S3Error(400, "IncompleteBody", message)
            self.replace_body(body, {})
            return bytes(body)
        return stream.getvalue()

    def replace_body(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Replace the body, and set headers."""
        self.environ.update({f"HTTP_{_variable(name)}": value for name, value in headers.items()})
        self.environ["wsgi.input"] = io.BytesIO(body)
        self.environ["wsgi.input_terminated"] = True
        self.environ["CONTENT_LENGTH"] = str(len(body))
        self.environ.pop("HTTP_TRANSFER_ENCODING", None)

    def changed(
        self,
        *,
        method: str | None = None,
        without: Iterable[str] = (),
        headers: Mapping[str, str | None] | None = None,
    ) -> dict[str, Any]:
        """Return the environment with another method, fewer parameters and other headers.

        A header that is None is removed.
        """
        environ = dict(self.environ)
        environ["REQUEST_METHOD"] = method or self.method
        for name, value in (headers or {}).items():
            variable = f"HTTP_{_variable(name)}"
            environ.pop(variable, None)
            if value is not None:
                environ[variable] = value
        dropped = set(without)
        if dropped & self.query.keys():
            query = urlencode({n: v for n, v in self.query.items() if n not in dropped})
            path = environ["RAW_URI"].partition("?")[0]
            uri = f"{path}?{query}" if query else path
            environ.update({"QUERY_STRING": query, "RAW_URI": uri, "REQUEST_URI": uri})
        return environ


def _variable(name: str) -> str:
    return name.upper().replace("-", "_")


@dataclass
class WsgiResponse:
    """A response; its header names are in lower case."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def of_document(cls, root: str, content: Sequence[XmlElement]) -> WsgiResponse:
        """Return the successful response that carries an XML document."""
        return cls(200, {"content-type": "application/xml"}, s3_document(root, content))
