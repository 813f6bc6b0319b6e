"""What the clients of stores and of AWS take from a process's environment."""

from __future__ import annotations

import os

# They are compared for each object; as bytes they need no decoding.
_VARIABLES = (
    *(b"AWS_ENDPOINT_URL", b"AWS_ENDPOINT_URL_S3", b"AWS_ENDPOINT_URL_LAMBDA"),
    *(b"AWS_REGION", b"AWS_DEFAULT_REGION"),
    *(b"AWS_CONFIG_FILE", b"AWS_PROFILE", b"AWS_DEFAULT_PROFILE"),
    *(b"AWS_ACCESS_KEY_ID", b"AWS_SECRET_ACCESS_KEY", b"AWS_SESSION_TOKEN"),
    *(b"AWS_SHARED_CREDENTIALS_FILE", b"AWS_ROLE_ARN", b"AWS_WEB_IDENTITY_TOKEN_FILE"),
    *(b"AZURE_STORAGE_ACCOUNT_NAME", b"GOOGLE_APPLICATION_CREDENTIALS"),
)


def client_environment() -> tuple[object, ...]:
    """Return what a client depends on besides its settings.

    If a variable changes in a process, new clients are made, as in a new process. A forked process makes
    its own.
    """
    return (os.getpid(), *map(os.environb.get, _VARIABLES))
