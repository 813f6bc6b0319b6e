"""Parts of one object that are asked for at once, as clients do that read in parts."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from jitprep.service import deadline
from jitprep.service.config import config
from jitprep.service.deadline import Deadline
from jitprep.service.http.client_request import object_request
from jitprep.service.messages import PipelineChoice, Response
from jitprep.service.pipeline_choice import choose
from jitprep.service.read import get
from jitprep.service.request_metrics import RequestMetrics
from jitprep.service.source.stored.folder import Folder
from jitprep.service.source.stored_object import StoredObject
from jitprep.service.thread_pools import granted_cpus
from preprocessing import Pipeline
from tests.photos import photo

SPEC = "resize:300,300/npy"
PARTS = 12


def test_parts_that_are_asked_for_at_once_cost_one_transform_per_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker of the server has one."""
    turns = deadline._Turns(granted_cpus())  # other tests change how many processors there are
    monkeypatch.setattr(deadline, "_turns", lambda: turns)
    (tmp_path / "coffee.jpg").write_bytes(photo("coffee"))
    source = StoredObject(Folder(tmp_path), "coffee.jpg", "coffee.jpg", f"file://{tmp_path}")
    chosen = PipelineChoice(json.dumps({"spec": SPEC}), None, 0, frozenset())
    whole = bytes(Pipeline.parse(SPEC).encode(photo("coffee")).body)
    size, together = -(-len(whole) // PARTS), Barrier(PARTS)

    def read(number: int) -> tuple[Response, RequestMetrics]:
        part = {"range": f"bytes={number * size}-{(number + 1) * size - 1}"}
        asked = object_request("GET", "coffee.jpg", source, chosen, part, {})
        metrics, end = RequestMetrics(), Deadline(time.monotonic() + 60)
        together.wait()
        pipeline = choose(chosen.configuration, None)
        return get(asked, source, pipeline, config().policy, end, metrics), metrics

    with ThreadPoolExecutor(PARTS) as threads:
        answers = list(threads.map(read, range(PARTS)))
    assert b"".join(answer.body for answer, _ in answers) == whole
    assert [metrics.cached for _, metrics in answers].count(False) <= granted_cpus()
