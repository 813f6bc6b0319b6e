"""Credentials of S3 sources: by reference, or from where AWS's SDKs find them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from jitprep.server.configuration.references import Reference
from jitprep.service.source.stores import StoreCredentials

_PAIR = ("access_key_id", "secret_access_key")


def credentials_of(place: str, table: Mapping[str, Any]) -> Callable[[], StoreCredentials]:
    """Return the credentials of a mount's source.

    Parameters
    ----------
    place : str
        The mount in the configuration, for messages.
    table : mapping
        The mount's table.

    Raises
    ------
    ValueError
        Where only one of the pair is given, or a reference is malformed or cannot be read.
    """
    given = [name for name in _PAIR if name in table]
    if not given:
        return _found
    if len(given) != len(_PAIR):
        raise ValueError(f"{place}: give both {' and '.join(_PAIR)}, or none of them")
    access_key, secret_key = (Reference.parse(f"{place}.{name}", table[name]) for name in _PAIR)

    def read() -> StoreCredentials:
        return StoreCredentials(access_key.read(), secret_key.read())

    read()
    return read


def _found() -> StoreCredentials:
    """Return what AWS's SDKs find: variables, profiles, web identity, a role of the container."""
    credentials = _session().get_credentials()
    if credentials is None:
        raise ValueError(
            "no AWS credentials are found; give the mount access_key_id and secret_access_key, or write "
            "unsigned = true for a public bucket"
        )
    frozen = credentials.get_frozen_credentials()
    ends: datetime | None = getattr(credentials, "_expiry_time", None)
    return StoreCredentials(frozen.access_key, frozen.secret_key, frozen.token, ends)


@cache
def _session() -> Any:
    from botocore.session import get_session  # noqa: PLC0415  150 ms, and few mounts need it

    return get_session()
