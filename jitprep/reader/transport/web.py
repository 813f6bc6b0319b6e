"""Plain HTTP: GETs, their errors, and where a redirect leads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from jitprep.reader.errors import Refused, read_error
from jitprep.reader.transport.answer import Answer
from jitprep.reader.transport.stream import http_request
from jitprep.reader.transport.xml_errors import error_fields


@contextmanager
def http_get(
    url: str,
    headers: Mapping[str, str],
    key: str | None,
    learn: Callable[[int, Mapping[str, str]], None] = lambda _status, _headers: None,
) -> Iterator[Answer]:
    """Send a GET, and yield a response of status 200 or 307, to be read in the block.

    Redirects are not followed, because headers signed for this host would be sent to another one.

    Parameters
    ----------
    url : str
    headers : mapping of str to str
    key : str, optional
        Key for error messages.
    learn : callable
        Called with the status and the headers of any answer.

    Raises
    ------
    Unavailable, Refused, BadObject
        Messages do not contain the URL, which may be presigned.
    """
    with http_request("GET", url, headers, key=key) as answer:
        learn(answer.status, answer.headers)
        if answer.status not in {200, 307}:
            kind = answer.headers.get("x-amzn-errortype", "Unknown")
            fields = error_fields(answer.read(), kind, answer.reason or "")
            raise read_error(answer.status, *fields, key)
        yield answer


@contextmanager
def redirected(url: str, key: str | None, *, tls: bool) -> Iterator[Answer]:
    """Fetch the target of a 307, and yield the response, of status 200, to be read in the block.

    Parameters
    ----------
    url : str
        Presigned; secret.
    key : str, optional
        Key for error messages.
    tls : bool
        Whether the 307 came over TLS; then the target must use it too.

    Raises
    ------
    Unavailable, Refused, BadObject
    """
    if not url.startswith("https://" if tls else ("http://", "https://")):
        raise Refused("the redirect does not lead to an https URL", key=key)
    with http_get(url, {}, key) as answer:
        if answer.status != 200:
            raise Refused("the redirect leads to another redirect", key=key, status=307)
        yield answer
