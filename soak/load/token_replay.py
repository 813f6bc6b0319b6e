"""A client that answers requests with used tokens and with invented ones."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from pathlib import Path

from botocore.exceptions import ClientError

from soak.load.clients import Door, timed
from soak.load.reads import Outcome, Verdict

_EVERY_S = 0.05
_FORGED = b"a forged answer"


class Thief:
    """Uses every token from a file, and one invented token for each, until the context ends.

    Parameters
    ----------
    door
        The endpoint.
    notes
        The file that `soak.function` writes.
    """

    def __init__(self, door: Door, notes: Path) -> None:
        self.outcomes: list[Outcome] = []
        self._s3 = door.client(inject_host_prefix=False)
        self._notes = notes
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._steal, name="thief", daemon=True)

    def __enter__(self) -> Thief:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _steal(self) -> None:
        used = 0
        while True:
            last = self._over.is_set()  # tokens written before the end are tried too
            noted = list(self._noted())
            for route, token in noted[used:]:
                self._try(route, token)
                self._try(route, secrets.token_urlsafe(48))
            used = len(noted)
            if last:
                return
            self._over.wait(_EVERY_S)

    def _noted(self) -> Iterator[tuple[str, str]]:
        if self._notes.exists():
            for line in self._notes.read_text().splitlines(keepends=True):
                route, _, token = line.partition(" ")
                if token.endswith("\n"):  # otherwise the line is still being written
                    yield route, token.strip()

    def _try(self, route: str, token: str) -> None:
        self.outcomes.append(timed(lambda _, job: self._write(*job), None, (route, token)))

    def _write(self, route: str, token: str) -> Outcome:
        try:
            self._s3.write_get_object_response(
                RequestRoute=route, RequestToken=token, Body=_FORGED, ContentLength=len(_FORGED)
            )
        except ClientError as error:
            code = str(error.response["Error"]["Code"])
            verdict = Verdict.RIGHT if code == "ValidationError" else Verdict.REFUSED
            return Outcome("token", verdict, code, detail=str(error)[:300])
        return Outcome(
            "token", Verdict.WRONG, detail="the endpoint accepted a token that must not be used"
        )
