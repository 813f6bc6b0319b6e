"""Clients that read while the server ends: no answer that has begun may break off."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from urllib.parse import urlsplit

from soak.load.reads import Outcome, Verdict, digest
from soak.material import DerivedObject
from soak.server.stage import PATIENCE_S

# A request that no byte of an answer came to: its client may send it to another server.
UNANSWERED = "(not answered)"
_BEFORE = 4


@dataclass
class Reading:
    """Clients that read, and their outcomes once they have ended."""

    outcomes: list[Outcome] = field(default_factory=list)


@contextmanager
def reading(url: str, objects: Sequence[DerivedObject], clients: int) -> Iterator[Reading]:
    """Read with several clients at once, some answers each before the block, and until it ends."""
    found, over = Reading(), threading.Event()
    begun = threading.Semaphore(0)
    with ThreadPoolExecutor(clients) as pool:
        shares = [
            pool.submit(_read_until_the_end, url, [*objects[n:], *objects[:n]], begun, over)
            for n in range(clients)
        ]
        try:
            for _ in range(clients * _BEFORE):
                begun.acquire(timeout=PATIENCE_S)
            yield found
        finally:
            over.set()
        found.outcomes += [outcome for share in shares for outcome in share.result()]


def _read_until_the_end(
    url: str,
    objects: Sequence[DerivedObject],
    begun: threading.Semaphore,
    over: threading.Event,
) -> list[Outcome]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE_S)
    outcomes: list[Outcome] = []
    for derived in cycle(objects):
        start = time.perf_counter()
        verdict, code = _read(connection, derived)
        outcomes.append(Outcome("whole", verdict, code, time.perf_counter() - start))
        begun.release()
        if over.is_set() or verdict is Verdict.HUNG:
            break
        if code is not None:  # the end has begun; a new connection must find nobody, or be answered
            connection.close()
            time.sleep(0.2)
    return outcomes


def _read(
    connection: http.client.HTTPConnection, derived: DerivedObject
) -> tuple[Verdict, str | None]:
    try:
        connection.request("GET", f"/{derived.alias}/{derived.key}")
        answer = connection.getresponse()
    except TimeoutError:
        return Verdict.HUNG, None
    except (http.client.RemoteDisconnected, ConnectionError):
        return Verdict.REFUSED, UNANSWERED
    try:
        body = answer.read()
    except TimeoutError:
        return Verdict.HUNG, None
    except (http.client.HTTPException, ConnectionError) as error:
        return Verdict.WRONG, f"(cut off: {error!r})"
    if answer.status != 200:
        return Verdict.REFUSED, str(answer.status)
    right = digest(body) == digest(derived.body) and answer.headers["ETag"] == derived.etag
    return (Verdict.RIGHT if right else Verdict.WRONG), None
