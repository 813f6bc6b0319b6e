"""SnapStart: a function that waits in a snapshot until its first event."""

from __future__ import annotations

import asyncio
import os
import secrets
from datetime import UTC, datetime, timedelta

CREDENTIALS_PATH = "/2021-04-23/credentials"
_LIFETIME = timedelta(hours=6)
# Before the restore: so short that SDKs ask again after it, as they do once a snapshot is old.
_SNAPSHOT_LIFETIME = timedelta(minutes=1)


class Snapshot:
    """What the processes of one function share: when they are restored, and their credentials.

    As on Lambda, credentials come from an HTTP endpoint, and not from the environment. Those before
    the restore have expired after it, as if the snapshot were old: a function that keeps them is
    refused.

    Parameters
    ----------
    access_key, secret_key, session_token
        The credentials after the restore.
    """

    def __init__(self, access_key: str, secret_key: str, session_token: str | None) -> None:
        self.needed = asyncio.Event()  # by an event
        self.restored = False
        self._authorization = secrets.token_urlsafe()
        self._access_key = access_key
        self._secret_key = secret_key
        self._session_token = session_token or ""

    def env(self) -> dict[str, str]:
        """Return the variables that replace those of the credentials."""
        return {
            "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": self._authorization,
            # The files of this machine's user would come before the endpoint.
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_CONFIG_FILE": os.devnull,
        }

    def credentials(self, authorization: str | None) -> dict[str, str] | None:
        """Return the function's credentials, as Lambda's endpoint does; None without its token."""
        if authorization != self._authorization:
            return None
        lifetime = _LIFETIME if self.restored else _SNAPSHOT_LIFETIME
        return {
            "AccessKeyId": self._access_key if self.restored else self._old_key,
            "SecretAccessKey": self._secret_key,
            "Token": self._session_token,
            "Expiration": (datetime.now(UTC) + lifetime).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def secret_key(self, access_key: str) -> str | None:
        """Return the secret key of the credentials before the restore, until then."""
        valid = access_key == self._old_key and not self.restored
        return self._secret_key if valid else None

    @property
    def _old_key(self) -> str:
        return f"{self._access_key}-snapshot"
