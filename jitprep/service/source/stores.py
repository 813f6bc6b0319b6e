"""Stores by their URLs: folders, and buckets and web servers as obstore opens them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from jitprep.service.source.aws_credentials import StoreCredentials
from jitprep.service.source.stored.folder import Folder
from preprocessing.frozen import frozen

_SCHEMES = ("s3", "gs", "az", "file", "https", "http")
_BUCKETS = frozenset({"s3", "gs", "az"})
# No user, query or fragment: they would hold secrets, and a place is shown in messages.
_HOST = re.compile(r"[A-Za-z0-9._-]+(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](?::[0-9]{1,5})?")
_BUCKET = re.compile(r"[A-Za-z0-9$][A-Za-z0-9._-]{0,221}")
_CONNECT_S, _STALL_S = 3, 10
# Credentials without an end are asked for again after a minute, since their files may change: obstore
# asks five minutes before their end.
_ASK_AGAIN = timedelta(minutes=6)


@frozen
class SourceUrl:
    """A source: a bucket, container, web server or folder, and the part of it that is meant.

    Parameters
    ----------
    scheme : {"s3", "gs", "az", "file", "https", "http"}
    host : str
        The bucket, the container, or the server with its port; of a folder the path.
    prefix : str
        What comes before each key: empty, or a path that ends in a slash.
    """

    scheme: str
    host: str
    prefix: str = ""

    @classmethod
    def parse(cls, text: str) -> SourceUrl:
        """Read a URL, or the path of a folder.

        Raises
        ------
        ValueError
            For another scheme, for a URL with a user, a query or a fragment, and for a URL without a
            bucket or a host.
        """
        scheme, separator, rest = text.partition("://")
        if not separator:
            scheme, rest = "file", text.removeprefix("file:")
        if scheme not in _SCHEMES:
            listed = ", ".join(f"{name}://" for name in _SCHEMES)
            raise ValueError(f"{scheme}:// is not a source; use {listed} or the path of a folder")
        if scheme == "file":
            if separator and not rest.startswith("/"):
                raise ValueError("write the source as file:///PATH, or as the path of a folder")
            return cls("file", _folder(rest, escaped=text.startswith("file:")))
        host, _, path = rest.partition("/")
        allowed = _BUCKET if scheme in _BUCKETS else _HOST
        if not allowed.fullmatch(host):
            what = "a bucket" if scheme in _BUCKETS else "a host"
            raise ValueError(f"write the source as {scheme}://NAME/PREFIX with the name of {what}")
        if scheme not in _BUCKETS:
            if not {"?", "#"}.isdisjoint(path):
                raise ValueError(f"a source of {scheme}:// has no query and no fragment")
            path = unquote(path)
        prefix = path.strip("/")
        return cls(scheme, host, f"{prefix}/" if prefix else "")

    @property
    def place(self) -> str:
        """The URL of the whole store, as messages and cache keys name it."""
        return f"{self.scheme}://{self.host}"

    def path_of(self, key: str) -> str:
        """Return the name in the store of an object that clients ask for by its key."""
        return f"{self.prefix}{key}"


def _folder(text: str, *, escaped: bool) -> str:
    path = unquote(text) if escaped else text
    if not path:
        raise ValueError("write the source as the path of a folder, or as file:///PATH")
    return str(Path(path).expanduser().absolute())


def open_store(
    url: SourceUrl,
    *,
    endpoint: str | None = None,
    region: str | None = None,
    credentials: Callable[[], StoreCredentials] | None = None,
    anonymous: bool = False,
    timeout_s: float = 60.0,
) -> Any:
    """Open a store. Nothing is sent yet.

    Google's and Azure's credentials are taken from the environment, as obstore documents it. An Azure
    container's account is ``AZURE_STORAGE_ACCOUNT_NAME``. ``GOOGLE_ALLOW_HTTP`` and ``AZURE_ALLOW_HTTP``
    are for emulators without TLS.

    Parameters
    ----------
    url : SourceUrl
    endpoint : str, optional
        Of S3: the URL of another store than AWS's. It is asked by path and not by virtual host.
    region : str, optional
        Of S3; the default is ``AWS_REGION``, or us-east-1.
    credentials : callable, optional
        Of S3; called again before they expire. The default is obstore's own search.
    anonymous : bool
        Send requests without a signature.
    timeout_s : float
        How long one request may take, its body included.

    Returns
    -------
    Folder, or a store of obstore

    Raises
    ------
    ValueError
        Where obstore is missing, for a folder that is not there, and for what obstore refuses.
    """
    if url.scheme == "file":
        if not Path(url.host).is_dir():
            raise ValueError(f"{url.host} is not a folder")
        return Folder(Path(url.host))
    try:
        from obstore import exceptions, store  # noqa: PLC0415  # the function does without
    except ImportError:
        raise ValueError(
            f"{url.scheme}:// sources need obstore: pip install 'jitprep[server]'"
        ) from None
    try:
        match url.scheme:
            case "s3":
                return store.S3Store(
                    url.host,
                    **_s3_options(url.host, endpoint, region, credentials, anonymous),
                    **_common(timeout_s, plain=_is_plain(endpoint)),
                )
            case "gs":
                common = _common(timeout_s, plain=_is_set("GOOGLE_ALLOW_HTTP"))
                return store.GCSStore(url.host, skip_signature=anonymous, **common)
            case "az":
                common = _common(timeout_s, plain=_is_set("AZURE_ALLOW_HTTP"))
                return store.AzureStore(url.host, skip_signature=anonymous, **common)
            case _:
                common = _common(timeout_s, plain=url.scheme == "http")
                return store.HTTPStore.from_url(f"{url.place}/", **common)
    except exceptions.BaseError as error:
        raise ValueError(f"{url.place} cannot be opened: {str(error).splitlines()[0]}") from None


def _is_set(variable: str) -> bool:
    """Return whether a variable of obstore's, which our own options replace, is true."""
    return os.environ.get(variable, "").lower() == "true"


def _is_plain(endpoint: str | None) -> bool:
    return endpoint is not None and endpoint.startswith("http://")


def _common(timeout_s: float, *, plain: bool) -> dict[str, Any]:
    return {
        "client_options": {
            "connect_timeout": timedelta(seconds=_CONNECT_S),
            "read_timeout": timedelta(seconds=_STALL_S),
            "timeout": timedelta(seconds=timeout_s),
            "allow_http": plain,
        },
        "retry_config": {"max_retries": 0},  # a read has its own tries, which end at its deadline
    }


def _s3_options(
    bucket: str,
    endpoint: str | None,
    region: str | None,
    credentials: Callable[[], StoreCredentials] | None,
    anonymous: bool,
) -> dict[str, Any]:
    options: dict[str, Any] = {"skip_signature": anonymous}
    if region is not None:
        options["region"] = region
    if endpoint is not None:
        options |= {"endpoint": endpoint, "virtual_hosted_style_request": False}
    else:
        # TLS's wildcard certificate does not match a bucket with dots.
        options["virtual_hosted_style_request"] = "." not in bucket
    if credentials is not None and not anonymous:
        options["credential_provider"] = _provider(credentials)
    return options


def _provider(credentials: Callable[[], StoreCredentials]) -> Callable[[], dict[str, Any]]:
    def provide() -> dict[str, Any]:
        found = credentials()
        ends = found.expires_at or datetime.now(UTC) + _ASK_AGAIN
        return {
            "access_key_id": found.access_key,
            "secret_access_key": found.secret_key,
            "token": found.token,
            "expires_at": ends.astimezone(
                UTC
            ),  # obstore takes no other timezone, not even its equal
        }

    return provide
