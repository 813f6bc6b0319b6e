"""The two identifiers that S3 assigns to each request."""

from __future__ import annotations

import base64
import secrets
import string
from dataclasses import dataclass

_ALPHABET = string.ascii_uppercase + string.digits


@dataclass(frozen=True)
class RequestIds:
    """A request's ID, which the function's event also has, and the ID of the host that answered."""

    request_id: str
    host_id: str

    @classmethod
    def new(cls) -> RequestIds:
        """Return new IDs in S3's format."""
        request_id = "".join(secrets.choice(_ALPHABET) for _ in range(16))
        return cls(request_id, base64.b64encode(secrets.token_bytes(56)).decode())

    @property
    def headers(self) -> dict[str, str]:
        """The response headers that identify the request."""
        return {"x-amz-request-id": self.request_id, "x-amz-id-2": self.host_id}

    @property
    def elements(self) -> dict[str, str]:
        """The elements that identify the request in the XML of an error."""
        return {"RequestId": self.request_id, "HostId": self.host_id}
