"""What can go wrong when a trainer reads, as types.

.. code-block:: text

    ReaderError
    ├── CannotOpen       the address, or an option that its door cannot honour
    └── ReadError        with the key, and the code and the status that the door answered
        ├── BadObject        the object itself: missing, damaged, or not for this pipeline
        ├── Refused          what another try would not change: permissions, an unknown preset
        ├── Unavailable      tried several times: 5xx, throttling, no connection
        └── Undecodable      an answer that does not hold the array it should

A `ReadError` keeps its type on its way out of a worker of torch's DataLoader, which hands on the message
alone: so that says everything.
"""

from __future__ import annotations

from preprocessing.names import as_text

# docs/errors.md, "The object".
OF_THE_OBJECT = frozenset({
    "EmptyObject",
    "UnknownFormat",
    "CorruptObject",
    "UnsupportedFormat",
    "IncompatibleObject",
    "ObjectTooLarge",
    "NoSuchKey",
})  # fmt: skip
# S3's and Lambda's, where the status does not say it.
_PASSING = frozenset({"RequestTimeout", "Throttling", "ThrottlingException", "ThrottledException"})

# Of credentials that are over, or not known yet. They are renewed, and it may pass.
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
    """Base of every error that this package raises on purpose."""


class CannotOpen(ReaderError, ValueError):
    """An address of no known form, or an option that its door cannot honour."""


class ReadError(ReaderError):
    """Something was not read.

    Parameters
    ----------
    message : str
        The cause and the remedy; without secrets.
    key : str, optional
        The object's; None where it was not about one.
    code : str, optional
        As docs/errors.md, S3 or Lambda have it.
    status : int, optional
        The HTTP status; None where none was answered.
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
    """The object is missing, damaged, or not one that the pipeline can take."""


class Refused(ReadError):
    """The door said no, and would again."""


class Unavailable(ReadError):
    """It might go well later: the door failed, was too busy, or could not be reached."""


class Undecodable(ReadError):
    """The answer does not hold the array that it should."""


def read_error(status: int, code: str, message: str, key: str | None = None) -> ReadError:
    """Return the error that a door's answer means.

    Parameters
    ----------
    status : int
        Its HTTP status.
    code, message : str
    key : str, optional
    """
    kind: type[ReadError] = Refused
    if code in OF_THE_OBJECT:
        kind = BadObject
    elif (status >= 500 and status != 501) or status in {408, 429} or code in _PASSING | STALE:
        kind = Unavailable
    return kind(message, key=key, code=code, status=status)
