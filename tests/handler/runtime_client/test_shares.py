"""What the workers of a multi-concurrent function share, under either runtime client."""

from __future__ import annotations

import json
import os

import pytest

from jitprep.service import thread_pools
from jitprep.service.config import config


@pytest.fixture
def function(monkeypatch):
    """A function of 2 GB on eight processors."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(8), raising=False)
    monkeypatch.setattr(thread_pools, "_CGROUP", thread_pools._CGROUP / "not here")
    monkeypatch.delenv("JITPREP_CPUS", raising=False)
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "2048")
    yield
    config.cache_clear()


@pytest.mark.parametrize(("workers", "each"), [(None, 8), (1, 8), (3, 2), (8, 1), (64, 1)])
def test_workers_share_processors(function, monkeypatch, workers, each):
    if workers is not None:
        monkeypatch.setenv("AWS_LAMBDA_MAX_CONCURRENCY", str(workers))
    assert thread_pools.granted_cpus() == each
    monkeypatch.setenv("JITPREP_CPUS", "5")
    assert thread_pools.granted_cpus() == 5, "what the operator says is for each"


@pytest.mark.parametrize("workers", [1, 16])
def test_what_workers_may_hold_is_never_more_than_the_function_has(function, monkeypatch, workers):
    monkeypatch.setenv("AWS_LAMBDA_MAX_CONCURRENCY", str(workers))
    config.cache_clear()
    found = config()
    assert workers * found.memory_bytes == 2048 * 2**20
    assert workers * (found.policy.limits.memory + found.cache_bytes) < 2048 * 2**20


def test_what_is_loaded_before_the_fork_has_no_threads_and_no_connections(process):
    """Neither would work in the workers. This is the reason for `handler/__init__.py`, too."""
    code = """
import json, os
from handler.runtime_client.process import load_handler
load_handler()
links = [f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd")]
open_files = [os.readlink(link) for link in links if os.path.exists(link)]
print(json.dumps([len(os.listdir("/proc/self/task")),
                  [name for name in open_files if name.startswith("socket")]]))
"""
    started = process(code, {"AWS_LAMBDA_MAX_CONCURRENCY": "16"})
    assert json.loads(started.communicate(timeout=60)[0]) == [1, []]
