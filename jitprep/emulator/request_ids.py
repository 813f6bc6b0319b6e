"""The two names that S3 gives each request."""

from __future__ import annotations

import base64
import secrets
import string
from dataclasses import dataclass

_ALPHABET = string.ascii_uppercase + string.digits


@dataclass(frozen=True)
class RequestIds:
    """A request's id, which its function finds in the event, and the id of the host it met."""

    request_id: str
    host_id: str

    @classmethod
    def new(cls) -> RequestIds:
        """Return fresh ids in S3's form."""
        request_id = "".join(secrets.choice(_ALPHABET) for _ in range(16))
        return cls(request_id, base64.b64encode(secrets.token_bytes(56)).decode())

    @property
    def headers(self) -> dict[str, str]:
        """The headers that name the request in every answer."""
        return {"x-amz-request-id": self.request_id, "x-amz-id-2": self.host_id}

    @property
    def elements(self) -> dict[str, str]:
        """The elements that name the request in the XML of an error."""
        return {"RequestId": self.request_id, "HostId": self.host_id}
