"""CloudWatch metrics, embedded in the log line, so that no API call is needed.

The format is AWS's: "Specification: Embedded metric format" in the CloudWatch user guide.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jitprep.service.messages import Response
from jitprep.service.request_metrics import RequestMetrics


def embedded(
    namespace: str,
    function: str,
    door: str,
    response: Response,
    metrics: RequestMetrics,
    *,
    cold: bool,
    at_ms: int,
) -> dict[str, Any]:
    """Return the members of the log line that contain one request's metrics.

    Parameters
    ----------
    namespace : str
        The metrics' namespace in CloudWatch.
    function, door : str
        Names of the function and of the door; dimensions, like the error's code.
    response : Response
    metrics : RequestMetrics
    cold : bool
        Whether the request was the first in its process.
    at_ms : int
        The time, in milliseconds since 1970.

    Returns
    -------
    dict
        Counts: ``Requests``, ``ClientErrors`` (4xx), ``ServerErrors`` (5xx), ``ColdStarts``, and for a
        batch ``Rows`` and ``FailedRows``. Bytes: ``BytesIn`` and ``BytesOut``. Milliseconds of each
        stage that ran: ``FetchTime``, ``TransformTime``, ``ReplyTime`` and others.
    """
    counts = {
        "Requests": 1,
        "ClientErrors": int(400 <= response.status < 500),
        "ServerErrors": int(response.status >= 500),
        "ColdStarts": int(cold),
    }
    if metrics.rows is not None and metrics.failed is not None:
        counts |= {"Rows": metrics.rows, "FailedRows": metrics.failed}
    sizes = {"BytesIn": metrics.bytes_in, "BytesOut": response.body_bytes}
    times = {f"{stage.capitalize()}Time": ms for stage, ms in metrics.ms.items()}
    units = dict.fromkeys(counts, "Count") | dict.fromkeys(sizes, "Bytes")
    units |= dict.fromkeys(times, "Milliseconds")
    directives = [_directive(namespace, (["FunctionName"], ["FunctionName", "Door"]), units)]
    names = {"FunctionName": function, "Door": door}
    if response.error_code is not None:
        names["ErrorCode"] = response.error_code
        by_code = (["FunctionName", "ErrorCode"],)
        directives.append(_directive(namespace, by_code, {"Requests": "Count"}))
    aws = {"Timestamp": at_ms, "CloudWatchMetrics": directives}
    return {"_aws": aws, **names, **counts, **sizes, **times}


def _directive(
    namespace: str, dimensions: tuple[list[str], ...], units: Mapping[str, str]
) -> dict[str, Any]:
    metrics = [{"Name": name, "Unit": unit} for name, unit in units.items()]
    return {"Namespace": namespace, "Dimensions": list(dimensions), "Metrics": metrics}
