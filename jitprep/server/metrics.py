"""Prometheus metrics of all workers, as ``/metrics`` shows them.

prometheus-client keeps each worker's numbers in files of the folder ``PROMETHEUS_MULTIPROC_DIR``, which
the parent process makes, and adds them when they are asked for.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

if TYPE_CHECKING:
    from jitprep.server.request_log import RequestRecord

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_STAGES = ("fetch", "wait", "transform", "total")
# Seconds; from a small image's transform to a long video's.
_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
_GAUGE_FILE = re.compile(r"gauge_live\w+_(\d+)\.db")


class Metrics:
    """The metrics of this worker, and the page of all workers."""

    def __init__(self) -> None:
        self._made = _instruments()
        self._under_way = self._made["under_way"]

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Count a request as under way in the block."""
        self._under_way.inc()
        try:
            yield
        finally:
            self._under_way.dec()

    def count(self, record: RequestRecord) -> None:
        """Add a request that has ended."""
        mount, response, metrics = record.mount or "", record.response, record.metrics
        _child("requests", mount, record.door, str(response.status)).inc()
        if response.error_code is not None:
            _child("errors", response.error_code).inc()
        if metrics.bytes_in:
            _child("source_bytes", mount).inc(metrics.bytes_in)
        if record.sent_bytes:
            _child("sent_bytes", mount).inc(record.sent_bytes)
        if metrics.cached or (record.door != "list" and "transform" in metrics.ms):
            _child("cache", "hit" if metrics.cached else "miss").inc()
        for found, copies in metrics.store.items():
            _child("store", mount, found).inc(copies)
        for outcome, number in (("done", metrics.rows), ("failed", metrics.failed)):
            if number:
                _child("rows", mount, outcome).inc(number)
        for stage in _STAGES:
            if stage in metrics.ms:
                _child("stages", stage).observe(metrics.ms[stage] / 1000)

    def page(self) -> tuple[bytes, dict[str, str]]:
        """Return the page of all workers, and its headers."""
        registry = CollectorRegistry()
        folder = os.environ.get(FOLDER_VARIABLE)
        if folder is not None:
            _forget_dead(Path(folder))
            MultiProcessCollector(registry)
        return generate_latest(registry), {"Content-Type": CONTENT_TYPE_LATEST}


@cache
def _instruments() -> dict[str, Any]:
    """Return the metrics by short names. Made once per process: the library refuses a second time."""
    return {
        "requests": Counter("jitprep_requests", "Requests.", ["mount", "door", "status"]),
        "errors": Counter("jitprep_errors", "Requests with an error, by its code.", ["code"]),
        "source_bytes": Counter("jitprep_source_bytes", "Bytes of originals.", ["mount"]),
        "sent_bytes": Counter("jitprep_sent_bytes", "Bytes of answers.", ["mount"]),
        "cache": Counter("jitprep_cache", "Results from the cache, or made.", ["outcome"]),
        "store": Counter("jitprep_store", "Copies looked for in the store.", ["mount", "outcome"]),
        "rows": Counter("jitprep_rows", "Objects of batches.", ["mount", "outcome"]),
        "stages": Histogram(
            "jitprep_stage_seconds", "Seconds that a stage takes.", ["stage"], buckets=_BUCKETS
        ),
        "under_way": Gauge(
            "jitprep_requests_under_way", "Requests under way.", multiprocess_mode="livesum"
        ),
    }


@cache
def _child(name: str, *labels: str) -> Any:
    """Return the metric of these labels; looking it up in the library takes ten times as long."""
    return _instruments()[name].labels(*labels)


def _forget_dead(folder: Path) -> None:
    """Leave out the gauges of workers that were killed, and so could not reset theirs."""
    for path in folder.glob("gauge_live*.db"):
        found = _GAUGE_FILE.fullmatch(path.name)
        if found and not Path(f"/proc/{found[1]}").exists():
            mark_process_dead(int(found[1]), str(folder))
