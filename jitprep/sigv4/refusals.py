"""What is said to a client whose signature is missing, malformed or wrong, in S3's words."""

from __future__ import annotations

from collections.abc import Mapping


class SignatureRefused(Exception):
    """A request is not signed as it must be.

    Parameters
    ----------
    status
        The HTTP status.
    code
        S3's error code, for example ``SignatureDoesNotMatch``.
    message
        S3's message.
    details
        The XML elements that S3 adds for this code, for example ``StringToSign``.
    """

    def __init__(
        self, status: int, code: str, message: str, details: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = dict(details or {})


class Unsigned(SignatureRefused):
    """The request is not signed."""

    def __init__(self) -> None:
        super().__init__(403, "AccessDenied", "Access Denied")
