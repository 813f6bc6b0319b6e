"""SnapStart: what happens before the snapshot and after it, under either runtime client."""

from __future__ import annotations

import json
import os
import random

import pytest

from handler.runtime import restore
from jitprep.service import s3
from jitprep.service.source.connection import pool

SNAP_START = {"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}
# A function whose hooks note when they run, in the answer to its first event.
FUNCTION = """
import os, sys, types
from snapshot_restore_py import register_after_restore, register_before_snapshot

ran = []

@register_before_snapshot
def last():
    ran.append("before, registered first")

@register_before_snapshot
def first():
    ran.append("before, registered last")
    if "before" in os.environ.get("FAILS", ""):
        raise ValueError("no snapshot")

@register_after_restore
def after():
    ran.append("after")
    if "after" in os.environ.get("FAILS", ""):
        raise ValueError("no restore")

def handler(event, context, send=None):
    return ran

function = sys.modules["function"] = types.ModuleType("function")
function.handler = handler
address = os.environ["AWS_LAMBDA_RUNTIME_API"]
"""
CLIENTS = {
    "jitprep": """
from handler.runtime_client.connection import RuntimeApi
from handler.runtime_client.process import run_process
sys.exit(run_process(RuntimeApi(address), lambda: handler))
""",
    "awslambdaric": """
from awslambdaric import bootstrap
from awslambdaric.lambda_runtime_client import LambdaRuntimeClient
bootstrap.run("function.handler", LambdaRuntimeClient(address))
""",
}


@pytest.fixture(params=CLIENTS)
def function(request, process):
    """Start the function under one client or the other."""
    return lambda env: process(FUNCTION + CLIENTS[request.param], {**SNAP_START, **env})


def test_the_snapshot_comes_between_the_hooks(api, function):
    function({})
    api.send({})
    ran = json.loads(api.posted().body)
    assert ran == ["before, registered last", "before, registered first", "after"]
    assert api.asked[:2] == ["restore/next", "invocation/next"]


@pytest.mark.parametrize(
    ("fails", "path", "kind", "asked", "status"),
    [
        ("before", "init/error", "Runtime.BeforeSnapshotError", [], 64),
        ("after", "restore/error", "Runtime.AfterRestoreError", ["restore/next"], 65),
    ],
)
def test_a_hook_that_fails_is_reported(api, function, fails, path, kind, asked, status):
    started = function({"FAILS": fails})
    sent = api.posted()
    assert (sent.path, api.asked) == (path, asked)
    assert sent.headers["lambda-runtime-function-error-type"] == kind
    assert json.loads(sent.body)["errorMessage"] == f"no {'snapshot' if asked == [] else 'restore'}"
    assert started.wait(20) == status


def test_our_function_registers_its_hooks_for_a_snapshot_only(process, api):
    """Presets are loaded before the snapshot, with what an image needs on its way."""
    code = """
import json, sys
from snapshot_restore_py import get_after_restore, get_before_snapshot
import handler.app
late = {"PIL.Image", "preprocessing.transforms.image.grayscale",
        "preprocessing.encodings._png_writer"}
before = sorted(late & sys.modules.keys())
for function, given, named in get_before_snapshot():
    function(*given, **named)
print(json.dumps([len(get_before_snapshot()), len(get_after_restore()), before,
                  sorted(late & sys.modules.keys()) == sorted(late)]))
"""
    assert json.loads(process(code, SNAP_START).communicate(timeout=60)[0]) == [1, 1, [], True]
    assert json.loads(process(code).communicate(timeout=60)[0]) == [0, 0, [], False]


def test_a_restored_process_has_random_numbers_and_connections_of_its_own(s3_environment):
    import numpy as np

    random.seed(7)
    np.random.seed(7)
    snapshot, connections, client = random.getstate(), pool(), s3.client()
    numbers = []
    for _ in range(2):  # two processes that begin with the same snapshot
        random.setstate(snapshot)
        np.random.seed(7)
        restore.renew()
        numbers.append((random.random(), np.random.random()))
    assert numbers[0][0] != numbers[1][0]
    assert numbers[0][1] != numbers[1][1]
    assert pool() is not connections
    assert s3.client() is client, "its connections are closed, and it makes others"
    assert client.meta.endpoint_url


@pytest.fixture
def s3_environment(monkeypatch):
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    assert os.environ["AWS_REGION"]
