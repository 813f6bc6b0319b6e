"""One JSON log line per request, on standard output; it contains no secret: no URL, token or key."""

from __future__ import annotations

import json
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from jitprep.service.deadline import RenewableDeadline
from jitprep.service.messages import Response
from jitprep.service.request_metrics import RequestMetrics, log_fields

if TYPE_CHECKING:
    from jitprep.server.exchange import Exchange
    from jitprep.server.metrics import Metrics

# As log collectors know it: the client closed the request.
_CLIENT_CLOSED = 499


@dataclass(slots=True)
class RequestRecord:
    """What is known of a request by its end.

    Parameters
    ----------
    door : str
        ``object``, ``list``, ``buckets``, ``batch`` or ``webhook``.
    mount, key : str, optional
    metrics : RequestMetrics
    response : Response
        The answer; None where the client left first.
    sent_bytes : int
    streamed : bool
        Whether the answer was sent already.
    quiet : bool
        Whether to leave the line out, as for health checks.
    client_left : bool
    deadline : RenewableDeadline
        Of the work.
    """

    door: str = "none"
    mount: str | None = None
    key: str | None = None
    metrics: RequestMetrics = field(default_factory=RequestMetrics)
    response: Response = field(default_factory=lambda: Response(_CLIENT_CLOSED))
    sent_bytes: int = 0
    streamed: bool = False
    quiet: bool = False
    client_left: bool = False
    deadline: RenewableDeadline = field(default_factory=lambda: RenewableDeadline(0.0))
    began: float = field(default_factory=time.perf_counter)

    def end(self, exchange: Exchange, metrics: Metrics) -> None:
        """Write the line, and count the request."""
        if self.client_left:
            self.response = Response(_CLIENT_CLOSED)
        if self.quiet:
            return
        self.metrics.ms["total"] = round((time.perf_counter() - self.began) * 1000, 3)
        for found in self.metrics.unexpected:
            _write("ERROR", exchange, {"error": found.name, "traceback": found.traceback})
        fields = log_fields(self.key, self.response, self.metrics)
        level = "ERROR" if self.response.status in {500, 503} else "INFO"
        _write(
            level,
            exchange,
            {"door": self.door, "mount": self.mount} | fields | {"bytesOut": self.sent_bytes},
        )
        metrics.count(self)


def _write(level: str, exchange: Exchange, fields: dict[str, Any]) -> None:
    line = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "level": level,
        "requestId": exchange.request_id,
        "traceId": exchange.trace_id,
    } | fields
    present = {name: value for name, value in line.items() if value is not None}
    # A closed pipe or a full disk must not end the client's connection.
    with suppress(OSError):
        sys.stdout.write(json.dumps(present, separators=(",", ":")) + "\n")
        sys.stdout.flush()
