"""Target of a job. Writes are conditional: only what was inspected is overwritten."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from botocore.exceptions import BotoCoreError, ClientError

from jitprep.backfill.job import BackfillJob
from jitprep.backfill.outcome import Failed, sdk_message, status
from jitprep.service.results.copy_metadata import (
    CONFLICT,
    FAILED,
    ConditionsNotHonoured,
    Found,
    KeyTooLong,
    key_of,
    put,
)


class Storage:
    """Target of a job.

    Parameters
    ----------
    s3
        S3 client.
    job : BackfillJob
    """

    def __init__(self, s3: Any, job: BackfillJob) -> None:
        self._s3 = s3
        self._job = job

    def look(self, name: str) -> Found | None:
        """Return the copy at a name, a key without the target's prefix; None where there is none.

        Raises
        ------
        Failed
            Also where the object there is not a copy by jitprep.
        """
        try:
            head = self._s3.head_object(**self._at(name))
        except ClientError as error:
            if status(error) == 404:
                return None
            raise Failed(sdk_message(error)) from None
        except BotoCoreError as error:
            raise Failed(sdk_message(error)) from None
        found = Found.of(name, head)
        if not found.is_copy:
            raise Failed(
                f"{self._job.target}{name} exists, and is not a copy that jitprep made for this "
                "location; choose another target, or delete the object"
            )
        return found

    def is_current(self, stored: Found | None, source_etag: str) -> bool:
        """Whether a copy equals what the job would make from a source with this ETag."""
        job = self._job
        return stored is not None and stored.is_current(job.pipeline, source_etag, job.seed)

    def put(
        self,
        name: str,
        body: bytes | bytearray | IO[bytes],
        before: Found | None,
        source_etag: str,
        about: Mapping[str, Any],
    ) -> bool:
        """Write an object in one request, if the target is unchanged since it was inspected.

        Parameters
        ----------
        name : str
        body : bytes, bytearray or file
        before : Found, optional
            Copy that is there now; None where there is none.
        source_etag : str
            ETag of the source of the body.
        about : mapping
            Other parameters of PutObject; those that are None are omitted.

        Returns
        -------
        bool
            False where another process, such as a killed run, wrote an equal copy in the meantime.

        Raises
        ------
        Failed
        """
        given = {key: value for key, value in about.items() if value is not None}

        def write(condition: Mapping[str, str]) -> int:
            if not isinstance(body, bytes | bytearray):
                body.seek(0)
            try:
                self._s3.put_object(**self._at(name), **condition, **given, Body=body)
            except ClientError as error:
                if status(error) in {CONFLICT, FAILED}:
                    return status(error)
                raise
            return 200

        try:
            if put(write, lambda: self.look(name), before):
                return True
        except ClientError as error:
            raise Failed(f"could not be stored: {sdk_message(error)}") from None
        except BotoCoreError as error:
            raise Failed(
                f"could not be stored: {sdk_message(error)}; run the command again"
            ) from None
        except ConditionsNotHonoured as error:
            raise Failed(f"could not be stored: {error}") from None
        if self.is_current(self.look(name), source_etag):
            return False
        raise Failed("another process writes to the same key; run the command again")

    def _at(self, name: str) -> dict[str, str]:
        try:
            return {
                "Bucket": self._job.target.bucket,
                "Key": key_of(self._job.target.prefix, name),
            }
        except KeyTooLong as error:
            raise Failed(str(error)) from None
