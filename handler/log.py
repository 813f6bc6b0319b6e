"""One JSON line a request, on standard output, where Lambda collects it.

Nothing secret is in it: no URL, no token, no identity. Where the operator names a namespace, the line
holds the request's metrics too (`handler.metrics`).
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from typing import Any

from handler.config import config
from handler.exchange import Measures, Response
from handler.metrics import embedded

# Not 501: asking for what is not there is the client's mistake.
_OURS = frozenset({500, 503})


def request_line(
    *,
    request_id: str,
    door: str,
    key: str | None,
    response: Response,
    measures: Measures,
    cold: bool,
) -> None:
    """Write the line of one request."""
    namespace, metrics = config().metrics, {}
    if namespace is not None:
        function = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "local")
        now = time.time_ns() // 10**6
        metrics = embedded(namespace, function, door, response, measures, cold=cold, at_ms=now)
    _write(
        {
            "level": "ERROR" if response.status in _OURS else "INFO",
            "requestId": request_id,
            "door": door,
            "key": key,
            "pipeline": measures.pipeline,
            "status": response.status,
            "error": response.error_code,
            "message": response.error_message,
            "bytesIn": measures.bytes_in,
            "bytesOut": len(response.body),
            "ms": measures.ms,
            "cold": cold,
            **metrics,
        }
    )


def unexpected(request_id: str, error: BaseException) -> None:
    """Write where an error nobody foresaw came from, but not its words: they may quote a secret."""
    frames = traceback.extract_tb(error.__traceback__)
    where = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    _write(
        {
            "level": "ERROR",
            "requestId": request_id,
            "error": type(error).__name__,
            "traceback": where,
        }
    )


def _write(line: dict[str, Any]) -> None:
    kept = {name: value for name, value in line.items() if value is not None}
    sys.stdout.write(json.dumps(kept, separators=(",", ":")) + "\n")
    sys.stdout.flush()
