"""moto, called as WSGI applications, and the buckets and versions that it keeps."""

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

    The two applications are called as such: moto's own dispatcher guesses the service by the path
    and the signature, so that a bucket `latest` would lead to EC2's metadata.

    Parameters
    ----------
    account
        The account that all buckets belong to.
    """

    def __init__(self, account: str) -> None:
        self.account = account
        self.changing = threading.RLock()  # moto's own changes are not atomic
        self._s3 = create_backend_app("s3")
        self._control = create_backend_app("s3control")

    def call(self, environ: dict[str, Any]) -> WsgiResponse:
        """Return moto's answer.

        Raises
        ------
        S3Error
            501 where moto fails. Its own 500 would make SDKs ask again, for the same failure.
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
            message = f"The S3 inside this endpoint cannot answer {what}: {error!r}."
            raise S3Error(501, "NotImplemented", message) from error
        status, headers = started[-1]
        return WsgiResponse(int(status[:3]), {n.lower(): value for n, value in headers}, body)

    def buckets(self) -> list[Any]:
        """Return every bucket in the order of the names."""
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
        """Return what keeps the tags of a bucket's objects."""
        return s3_backends[bucket.account_id][bucket.partition].tagger


def versions_of(bucket: Any, key: str) -> list[Any]:
    """Return a key's versions and delete markers, the newest first."""
    return list(reversed(bucket.keys.getlist(key, [])))


def is_marker(version: object) -> bool:
    """Return whether a version is a delete marker."""
    return isinstance(version, FakeDeleteMarker)


def last_modified(version: Any) -> datetime:
    """Return when a version was made, in the resolution that HTTP has."""
    time: datetime = version.last_modified
    return time.replace(microsecond=0, tzinfo=UTC)


def parts_of(version: Any) -> list[int] | None:
    """Return the sizes of the parts that an object was uploaded in; None where it was in one piece.

    A copy has its source's parts in moto, and a plain ETag, as on AWS.

    Raises
    ------
    S3Error
        501 where parts were left out: how AWS counts them then is not documented.
    """
    _, dash, count = str(version.etag).strip('"').partition("-")
    if not dash or version.multipart is None:
        return None
    numbers = sorted(getattr(version.multipart, "completed", version.multipart.parts))
    if numbers != list(range(1, int(count) + 1)):
        message = f"The parts of this object are numbered {numbers}, and not 1 to {count}."
        raise S3Error(501, "NotImplemented", message)
    return [version.multipart.parts[number].size for number in numbers]
