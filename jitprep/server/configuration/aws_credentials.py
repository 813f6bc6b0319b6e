"""Credentials of a mount's S3 source: by reference, or from where AWS's SDKs find them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jitprep.server.configuration.references import Reference
from jitprep.service.source.aws_credentials import StoreCredentials, find_credentials

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
        return find_credentials
    if len(given) != len(_PAIR):
        raise ValueError(f"{place}: give both {' and '.join(_PAIR)}, or none of them")
    access_key, secret_key = (Reference.parse(f"{place}.{name}", table[name]) for name in _PAIR)

    def read() -> StoreCredentials:
        return StoreCredentials(access_key.read(), secret_key.read())

    read()
    return read
