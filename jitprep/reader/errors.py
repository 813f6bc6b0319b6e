"""Errors of readers, by what a trainer can do about them.

.. code-block:: text

    ReaderError
    ├── CannotOpen       an invalid address, or an option that its door does not support
    ├── WorkerDied       a worker process of a loader was killed, for example out of memory
    ├── OverflowDiffers  a loader's overflow gives other results than this machine
    └── ReadError        has the key, and the code and the status of the response
        ├── BadObject        the object is missing, damaged, or not for this pipeline
        ├── Refused          a retry would not help: permissions, an unknown preset
        ├── Unavailable      failed after several tries: 5xx, throttling, no connection
        └── Undecodable      the response does not hold the expected array

A worker of torch's DataLoader passes on only the type and the message of an error, so the message is
complete.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from preprocessing.names import as_text

# Codes of docs/errors.md, section "The object".
OF_THE_OBJECT = frozenset({
    "EmptyObject",
    "UnknownFormat",
    "CorruptObject",
    "UnsupportedFormat",
    "IncompatibleObject",
    "ObjectTooLarge",
    "NoSuchKey",
})  # fmt: skip
# Codes of S3 and Lambda for errors that pass, where the status does not say so.
_PASSING = frozenset({"RequestTimeout", "Throttling", "ThrottlingException", "ThrottledException"})

# Codes for credentials that have expired, or are not known yet. Renewed ones may work.
STALE = frozenset({
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidToken",
    "TokenRefreshRequired",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
})  # fmt: skip


class ReaderError(Exception):
    """Base class of this package's errors."""


class CannotOpen(ReaderError, ValueError):
    """An invalid address, or an option that its door does not support."""


class WorkerDied(ReaderError, RuntimeError):
    """A worker process of a loader ended without being asked to."""


class OverflowDiffers(ReaderError, ValueError):
    """The overflow of a loader gives other results than this machine."""


class ReadError(ReaderError):
    """A read failed.

    Parameters
    ----------
    message : str
        Cause and remedy, without secrets.
    key : str, optional
        Key of the object; None where the error is not about one.
    code : str, optional
        Code from docs/errors.md, S3 or Lambda.
    status : int, optional
        HTTP status; None without a response.
    """

    def __init__(
        self,
        message: str,
        *,
        key: str | None = None,
        code: str | None = None,
        status: int | None = None,
    ) -> None:
        answered = f"{code} ({status})" if code and status else code or status
        about = None if key is None else as_text(key)
        super().__init__(": ".join(str(part) for part in (about, answered, message) if part))
        self.key = key
        self.code = code
        self.status = status


class BadObject(ReadError):
    """The object is missing, damaged, or of a kind that the pipeline does not take."""


class Refused(ReadError):
    """The request was refused, and would be refused again."""


class Unavailable(ReadError):
    """The door failed, was throttled, or could not be reached; a later read may succeed."""


class Undecodable(ReadError):
    """The response does not hold the expected array."""


def read_error(status: int, code: str, message: str, key: str | None = None) -> ReadError:
    """Return the error for a response.

    Parameters
    ----------
    status : int
        HTTP status.
    code, message : str
    key : str, optional
    """
    kind: type[ReadError] = Refused
    if code in OF_THE_OBJECT:
        kind = BadObject
    elif code == "StepFailed":  # 500, and it would fail again
        kind = Refused
    elif (status >= 500 and status != 501) or status in {408, 429} or code in _PASSING | STALE:
        kind = Unavailable
    return kind(message, key=key, code=code, status=status)


def no_answer(
    url: str, error: BaseException, key: str | None = None, code: str | None = None
) -> Unavailable:
    """Return the error for a request that got no complete answer.

    Parameters
    ----------
    url : str
        Only its host and port are named, because it may be presigned.
    error : Exception
        Of the connection; only the system's words in it are quoted.
    key : str, optional
    code : str, optional
        The name of the error's type by default.
    """
    parts = urlsplit(url)
    host = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
    why = ""
    cause: BaseException | None = error
    while cause is not None and not why:
        if isinstance(cause, OSError) and cause.strerror:
            why = f" ({cause.strerror})"
        cause = cause.__cause__ or cause.__context__
    return Unavailable(
        f"no complete response from {host}{why}; check the address, and that a server is up there",
        key=key,
        code=code or type(error).__name__,
    )
