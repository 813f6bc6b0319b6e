"""Who may ask: a browser that opened the printed URL, at the address that the page is served at.

A page of another site can send requests to this machine, and a name of its own can be made to lead here
(DNS rebinding). So the Host must be an address or a known name, requests must come from the page's own
origin, and a cookie must have the token that the printed URL set. The page itself may load nothing from
elsewhere.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Collection
from contextlib import suppress
from ipaddress import ip_address

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

_COOKIE = "jitprep_play"
_TOKEN = "token"  # noqa: S105  a parameter's name
_PORT = re.compile(r":[0-9]{1,5}$")
_SAME = frozenset({"same-origin", "none"})
# Media and pictures are made here; `blob:` is what the page builds of them. No inline script or style.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
PAGE_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """The token, and the hosts that the page is served at.

    Parameters
    ----------
    hosts : collection of str
        Names that are let in, without ports, besides localhost and addresses, which no name server can
        make another site's name lead to.
    prefix : str
        Path of the page, such as ``/_play``.
    token : str, optional
        Of the printed URL; None for a new one.
    """

    def __init__(self, hosts: Collection[str], prefix: str, token: str | None = None) -> None:
        self.token = token or new_token()
        self._hosts = frozenset(host.lower() for host in hosts)
        self._prefix = prefix

    def refuse(self, request: Request) -> Response | None:
        """Return the answer to a request that is not let in; None for one that is.

        A request with the token in its URL is sent on to the URL without it, so that no copy of the
        address has it.
        """
        host = request.headers.get("host", "").lower()
        if not self._knows(host):
            return _refusal(421, "this page is not served under that name; open the printed URL")
        if request.headers.get("sec-fetch-site", "none") not in _SAME and not _navigates(request):
            return _refusal(403, "requests from other sites are refused")
        origin = request.headers.get("origin")
        if origin is not None and origin.partition("://")[2].lower() != host:
            return _refusal(403, "requests from other sites are refused")
        given = request.query_params.get(_TOKEN)
        if given is not None and request.method == "GET":
            return self._admit(request, given)
        cookie = request.cookies.get(self._cookie(request), "")
        if not hmac.compare_digest(cookie.encode(), self.token.encode()):
            return _refusal(
                403,
                "open the URL that the command printed: it has a token that lets this browser in",
            )
        return None

    def _knows(self, host: str) -> bool:
        name = host.rpartition(":")[0] if _PORT.search(host) else host
        if name == "localhost" or name in self._hosts:
            return True
        with suppress(ValueError):
            ip_address(name.removeprefix("[").removesuffix("]"))
            return True
        return False

    def _admit(self, request: Request, given: str) -> Response:
        if not hmac.compare_digest(given.encode(), self.token.encode()):
            return _refusal(
                403, "the token is of another run; open the URL that the command printed"
            )
        rest = request.url.remove_query_params(_TOKEN)
        path = f"/{rest.path.lstrip('/')}"  # with two slashes it would be another host's
        answer = RedirectResponse(f"{path}?{rest.query}" if rest.query else path, 303)
        answer.set_cookie(
            self._cookie(request), self.token, path=self._prefix, httponly=True, samesite="lax"
        )
        return answer

    def _cookie(self, request: Request) -> str:
        """Return the cookie's name: browsers share cookies among the ports of a host."""
        return f"{_COOKIE}_{request.url.port or 80}"


def new_token() -> str:
    """Return a token that cannot be guessed."""
    return secrets.token_urlsafe(16)


def _navigates(request: Request) -> bool:
    """Whether a person follows a link to the page, which only shows it."""
    return request.method == "GET" and request.headers.get("sec-fetch-mode") == "navigate"


def _refusal(status: int, message: str) -> Response:
    return PlainTextResponse(f"{message}\n", status, PAGE_HEADERS)
