"""Who may read which mount: by signature, or anybody where a mount is anonymous."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from jitprep.server.configuration.keys import KeyRing
from jitprep.server.configuration.mounts import Mount
from jitprep.service.errors import RequestFailed
from jitprep.sigv4.refusals import SignatureRefused, Unsigned
from jitprep.sigv4.request_head import RequestHead
from jitprep.sigv4.verification import Verifier

# The same for a mount with a key and for one that is not there: only a key may learn which it is.
_UNSIGNED = (
    "the request is not signed, and no mount of this name is anonymous; check the name, or sign with "
    "a key of the server"
)


class Access:
    """The mounts, and the keys to them.

    Parameters
    ----------
    mounts : mapping of str to Mount

    Raises
    ------
    ValueError
        Where a key cannot be read.
    """

    def __init__(self, mounts: Mapping[str, Mount]) -> None:
        self._mounts = mounts
        self._keys = KeyRing(sorted(mounts))
        self._verifier = Verifier(self._keys.secret, None)

    def mount(self, name: str, head: RequestHead, body: bytes | None = None) -> Mount:
        """Return the mount that a request is for.

        Parameters
        ----------
        name : str
        head : RequestHead
        body : bytes, optional
            None for a read, which has no body, and before the body is read.

        Raises
        ------
        RequestFailed
            ``NoSuchBucket``; ``AccessDenied`` for a key that may not read it; S3's words for a signature
            that is missing or wrong. On an anonymous mount no signature is looked at: SDKs sign with
            whatever keys they find.
        """
        mount = self._mounts.get(name)
        if mount is not None and mount.anonymous:
            return mount
        key = self._signer(head, body)
        if mount is None:
            raise RequestFailed(
                404,
                "NoSuchBucket",
                f"there is no mount {name!r}; GET / lists the mounts that you may read",
            )
        if not self._keys.may_read(key, name):
            raise RequestFailed(
                403,
                "AccessDenied",
                f"this key may not read the mount {name!r}; let the operator add it to the key's mounts",
            )
        return mount

    def opens(self, name: str) -> bool:
        """Return whether any key may read a mount."""
        return self._keys.opens(name)

    def called(self, name: str, headers: Mapping[str, str]) -> Mount:
        """Return the mount that a store's webhook calls.

        Raises
        ------
        RequestFailed
            ``NoSuchBucket`` for a mount that is not there or not of S3; ``AccessDenied``.
        """
        mount = self._mounts.get(name)
        if mount is None or mount.source.bucket is None:
            raise RequestFailed(404, "NoSuchBucket", "there is no such mount of an s3:// source")
        if mount.webhook_token is not None:
            given = headers.get("authorization", "").removeprefix("Bearer ").encode()
            if not hmac.compare_digest(given, mount.webhook_token.read().encode()):
                raise RequestFailed(
                    403, "AccessDenied", "the call does not carry the token of this mount"
                )
        return mount

    def readable(self, head: RequestHead) -> list[str]:
        """Return the names of the mounts that a request may read.

        Raises
        ------
        RequestFailed
            Where the signature is missing or wrong, and no mount is anonymous.
        """
        free = {name for name, mount in self._mounts.items() if mount.anonymous}
        try:
            key = self._signer(head, None)
        except RequestFailed:
            if not free:
                raise
            return sorted(free)
        return sorted(free | {name for name in self._mounts if self._keys.may_read(key, name)})

    def _signer(self, head: RequestHead, body: bytes | None) -> str:
        try:
            return self._verifier.verify(head, ("s3",), body)
        except Unsigned as refusal:
            raise RequestFailed(refusal.status, refusal.code, _UNSIGNED) from None
        except SignatureRefused as refusal:
            raise RequestFailed(refusal.status, refusal.code, refusal.message) from None
