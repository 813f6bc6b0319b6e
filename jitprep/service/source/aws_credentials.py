"""Credentials and the region for S3, from where AWS's SDKs find them.

The environment is read here, since importing the SDK takes 150 ms. Everything else that AWS defines is
left to the SDK: profiles, single sign-on, and the roles of containers and instances.
"""

from __future__ import annotations

import os
from dataclasses import field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jitprep.service.process.renewal import renewed_in_copies
from jitprep.sigv4.signing import SigningCredentials
from preprocessing.frozen import frozen

_REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")


@frozen
class StoreCredentials:
    """Credentials of an S3 store.

    Parameters
    ----------
    access_key, secret_key : str
    token : str, optional
    expires_at : datetime, optional
        With its timezone; None where no end is known.
    """

    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None


def find_credentials() -> StoreCredentials:
    """Return the credentials of this process, renewed where they are about to expire.

    Raises
    ------
    ValueError
        Where there are none.
    botocore.exceptions.BotoCoreError
        Where they cannot be loaded.
    """
    key, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
    if key and secret:
        return StoreCredentials(key, secret, os.environ.get("AWS_SESSION_TOKEN") or None)
    credentials = _session(os.getpid()).get_credentials()
    if credentials is None:
        raise ValueError(
            "no AWS credentials are found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a "
            "profile, or give the machine a role"
        )
    frozen = credentials.get_frozen_credentials()
    ends: datetime | None = getattr(credentials, "_expiry_time", None)
    return StoreCredentials(frozen.access_key, frozen.secret_key, frozen.token, ends)


def prepare_credentials() -> None:
    """Import the SDK where Lambda keeps the credentials out of the environment, as with SnapStart."""
    if os.environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI"):
        _session(os.getpid())


def signing_credentials() -> SigningCredentials:
    """Return what requests of this process are signed with. Raises as `find_credentials` does."""
    found = find_credentials()
    return SigningCredentials(found.access_key, found.secret_key, found.token)


def forget_credentials() -> None:
    """Make the next request look for credentials again, after a store refused them."""
    _session.cache_clear()


def find_region() -> str | None:
    """Return the region that the environment or the profile names.

    Raises
    ------
    ValueError
        Where the configuration cannot be read, or has no such profile.
    """
    found = next(filter(None, map(os.environ.get, _REGIONS)), None)
    if found is not None or not _config_file().is_file():
        return found
    try:
        region: str | None = _session(os.getpid()).get_config_variable("region")
    except Exception as error:  # of the SDK, which is imported only here
        raise ValueError(f"AWS's configuration cannot be read: {error}") from None
    return region


def _config_file() -> Path:
    return Path(os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config").expanduser()


@cache
def _session(process: int) -> Any:  # noqa: ARG001  a fork may happen while a lock of the SDK is held
    from botocore.session import get_session  # noqa: PLC0415  150 ms, and often not needed

    return get_session()


renewed_in_copies(forget_credentials)
