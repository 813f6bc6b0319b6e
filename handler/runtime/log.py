"""One JSON log line per request, on standard output, where Lambda collects it.

It contains no secret: no URL, token or identity. Where the operator names a namespace, it also contains
the request's metrics (`handler.runtime.metrics`).
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from typing import Any

from handler.runtime.metrics import embedded
from jitprep.service.config import config
from jitprep.service.messages import Response
from jitprep.service.request_metrics import RequestMetrics, Unexpected, log_fields

# Not 501: an unsupported request is the client's error.
_OURS = frozenset({500, 503})


def request_line(
    *,
    request_id: str,
    door: str,
    key: str | None,
    response: Response,
    metrics: RequestMetrics,
    cold: bool,
) -> None:
    """Write the line of one request; fields without a value are left out."""
    namespace = config().metrics
    embedded_metrics: dict[str, Any] = {}
    if namespace is not None:
        function = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "local")
        now = time.time_ns() // 10**6
        embedded_metrics = embedded(
            namespace, function, door, response, metrics, cold=cold, at_ms=now
        )
    write_log_line(
        "ERROR" if response.status in _OURS else "INFO",
        {
            "requestId": request_id,
            "door": door,
            **log_fields(key, response, metrics),
            "cold": cold,
            **embedded_metrics,
        },
    )


def unexpected(request_id: str, found: Unexpected) -> None:
    """Write the traceback of an unexpected error."""
    members = {"requestId": request_id, "error": found.name, "traceback": found.traceback}
    write_log_line("ERROR", members)


def write_log_line(level: str, members: Mapping[str, Any]) -> None:
    """Write a line; members without a value are left out.

    Lambda takes the level from JSON only where a time is there too, as RFC 3339 has it.
    """
    ms = time.time_ns() // 10**6
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000))
    line = {"level": level, "timestamp": f"{moment}.{ms % 1000:03d}Z"}
    line |= {name: value for name, value in members.items() if value is not None}
    sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")
    sys.stdout.flush()
