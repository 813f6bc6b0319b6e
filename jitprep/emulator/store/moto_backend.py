"""moto, called as WSGI applications, and access to its buckets and versions."""

from __future__ import annotations

import threading
import traceback
from datetime import UTC, datetime
from typing import Any

from moto.moto_server.werkzeug_app import create_backend_app
from moto.s3.models import FakeDeleteMarker, s3_backends

from jitprep.emulator.s3_errors import S3Error
from jitprep.emulator.store.request import WsgiResponse

CONTROL = "/v20180820/"


class MotoBackend:
    """moto's S3 and S3 Control.

    The two applications are called directly. moto's dispatcher guesses the service from the path and
    the signature, so a bucket named `latest` would be EC2's metadata.

    Parameters
    ----------
    account
        The account that owns all buckets.
    """

    def __init__(self, account: str) -> None:
        self.account = account
        self.changing = threading.RLock()  # moto's own changes are not atomic
        self._s3 = create_backend_app("s3")
        self._control = create_backend_app("s3control")

    def call(self, environ: dict[str, Any]) -> WsgiResponse:
        """Return moto's response.

        Raises
        ------
        S3Error
            501 if moto fails. SDKs would retry a 500, and fail again.
        """
        application = self._control if environ["RAW_URI"].startswith(CONTROL) else self._s3
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], _error: object = None) -> None:
            started.append((status, headers))

        try:
            chunks = application(environ, start)
            try:
                body = b"".join(chunks)
            finally:
                getattr(chunks, "close", lambda: None)()
        except Exception as error:
            traceback.print_exc()
            what = f"{environ['REQUEST_METHOD']} {environ['RAW_URI'].partition('?')[0]}"
            message = f"The S3 inside this endpoint failed at {what}: {error!r}."
            raise S3Error(501, "NotImplemented", message) from error
        status, headers = started[-1]
        return WsgiResponse(int(status[:3]), {n.lower(): value for n, value in headers}, body)

    def buckets(self) -> list[Any]:
        """Return every bucket, sorted by name."""
        found = [
            bucket
            for backend in s3_backends[self.account].values()
            for bucket in backend.buckets.values()
        ]
        return sorted(found, key=lambda bucket: str(bucket.name))

    def bucket(self, name: str) -> Any:
        """Return the bucket of that name, or None."""
        known = s3_backends.bucket_accounts.get(name)
        if known is None:
            return None
        partition, account = known
        return s3_backends[account][partition].buckets.get(name)

    def tagger(self, bucket: Any) -> Any:
        """Return the store of tags for a bucket's objects."""
        return s3_backends[bucket.account_id][bucket.partition].tagger


def versions_of(bucket: Any, key: str) -> list[Any]:
    """Return a key's versions and delete markers, newest first."""
    return list(reversed(bucket.keys.getlist(key, [])))


def is_marker(version: object) -> bool:
    """Return whether a version is a delete marker."""
    return isinstance(version, FakeDeleteMarker)


def last_modified(version: Any) -> datetime:
    """Return when a version was created, in whole seconds as in HTTP."""
    time: datetime = version.last_modified
    return time.replace(microsecond=0, tzinfo=UTC)


def parts_of(version: Any) -> list[int] | None:
    """Return the sizes of an object's parts; None if it was not uploaded in parts.

    In moto a copy keeps the parts of its source, but has a plain ETag, as on AWS.

    Raises
    ------
    S3Error
        501 if part numbers are missing: AWS does not document how it counts parts then.
    """
    _, dash, count = str(version.etag).strip('"').partition("-")
    if not dash or version.multipart is None:
        return None
    numbers = sorted(getattr(version.multipart, "completed", version.multipart.parts))
    if numbers != list(range(1, int(count) + 1)):
        message = (
            f"The parts of this object are numbered {numbers}, not 1 to {count}. Parts with gaps "
            "cannot be read by number."
        )
        raise S3Error(501, "NotImplemented", message)
    return [version.multipart.parts[number].size for number in numbers]
