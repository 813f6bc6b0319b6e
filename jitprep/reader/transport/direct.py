"""Requests as an AWS client would send them, but sent by `http.client`, for a fifth of the CPU time.

The client says once, for an operation and its parameters, where it would send the request, with which
headers, and for which service and region it would sign it. Where it would do more than that, such as
asking a proxy, the client itself has to send.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import NoCredentialsError
from botocore.httpsession import get_cert_path
from botocore.session import Session
from botocore.utils import get_environ_proxies

from jitprep.reader.transport import aws
from jitprep.reader.transport.answer import Answer
from jitprep.reader.transport.stream import http_request

# Signed by version 4 for one region, with the account's own key: not by a session of S3 Express.
_SIGNED = re.compile(
    r"AWS4-HMAC-SHA256 Credential=[^,]+/\d{8}/([a-z0-9-]+)/(s3|s3-object-lambda|lambda)/aws4_request,"
)
# Headers that are different in each request.
_OWN = frozenset({
    *("authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"),
    *("content-length", "amz-sdk-invocation-id", "amz-sdk-request"),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class DirectRoute:
    """Where and how requests of one operation are sent.

    Parameters
    ----------
    method, url : str
        As the client prepared them.
    service, region : str
        What requests are signed for.
    credentials : botocore.credentials.Credentials
        They renew themselves.
    headers : mapping of str to str
        Of every request.
    user_agent : str
        Not signed, because a proxy may change it.
    ca_bundle : str, optional
        File of the certificates that the client trusts; None without TLS.
    """

    method: str
    url: str
    service: str
    region: str
    credentials: Any = field(repr=False)
    headers: Mapping[str, str]
    user_agent: str
    ca_bundle: str | None

    @contextmanager
    def request(
        self,
        url: str,
        key: str | None,
        headers: Mapping[str, str] = MappingProxyType({}),
        body: bytes = b"",
    ) -> Iterator[Answer]:
        """Sign and send a request, and yield the answer, whatever its status.

        Parameters
        ----------
        url : str
        key : str, optional
            Key for error messages.
        headers : mapping of str to str
            Further headers.
        body : bytes

        Raises
        ------
        BotoCoreError
            Where credentials cannot be renewed.
        Unavailable
            As of `http_request`.
        """
        signed = aws.signature_headers(
            *(self.method, url, self.service, self.region, self.credentials),
            *(body, {**self.headers, **headers}),
        )
        signed["user-agent"] = self.user_agent
        with http_request(
            self.method, url, signed, body or None, key=key, ca_bundle=self.ca_bundle
        ) as answer:
            yield answer


def route_of(client: Any, operation: str, **parameters: str) -> DirectRoute | None:
    """Return the route of an operation with these parameters; None where the client must send.

    Parameters
    ----------
    client : botocore client
        Of `aws.shared_client`.
    operation : str
        Name of the client's method.

    Raises
    ------
    BotoCoreError
        What the client raises before it sends.
    """
    routes = _ROUTES.setdefault(client, {})
    asked = (operation, *parameters.items())
    if asked not in routes:
        request = aws.prepared_request(lambda: getattr(client, operation)(**parameters))
        routes[asked] = _route(client, request)
    return routes[asked]


def forget_routes(client: Any) -> None:
    """Ask the client again, which has learned that a bucket is in another region."""
    _ROUTES.pop(client, None)


_Routes: TypeAlias = "dict[tuple[object, ...], DirectRoute | None]"
_ROUTES: WeakKeyDictionary[Any, _Routes] = WeakKeyDictionary()


def _route(client: Any, request: AWSPreparedRequest) -> DirectRoute | None:
    headers = {name: _text(value) for name, value in request.headers.items()}
    signed, scheme = _SIGNED.match(headers.get("Authorization", "")), urlsplit(request.url).scheme
    by_proxy = client.meta.config.proxies or get_environ_proxies(request.url).get(scheme)
    if signed is None or by_proxy:
        return None
    bundle = _ca_bundle() if scheme == "https" else None
    if bundle is not None and not Path(bundle).is_file():  # a folder
        return None
    region, service = signed.groups()
    if (credentials := aws.identity().credentials) is None:
        raise NoCredentialsError
    own = {name: value for name, value in headers.items() if name.lower() not in _OWN}
    agent = own.pop("User-Agent", "")
    return DirectRoute(
        *(request.method, request.url, service, region, credentials, own, agent, bundle)
    )


def _ca_bundle() -> str:
    """Return the file that clients verify certificates with, or a folder."""
    configured = Session().get_config_variable("ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE")
    return str(get_cert_path(configured or True))


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
