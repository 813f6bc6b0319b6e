"""Lambda Managed Instances: several processes take events from one Runtime API."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from ..conftest import FUNCTIONS

PROCESSES = 4


@pytest.fixture(scope="module")
def invoke(object_lambda_endpoint):
    local = object_lambda_endpoint(
        handler="managed.handler",
        task_root=FUNCTIONS,
        workers=1,
        function_concurrency=PROCESSES,
        timeout=2,
    )
    client = local.client("lambda")

    def call(**event):
        return client.invoke(FunctionName="preprocess", Payload=json.dumps(event))

    return call


def test_that_many_events_run_at_once_each_in_a_process_of_its_own(invoke, tmp_path):
    assert len(meet(invoke, tmp_path)) == PROCESSES


def meet(invoke, folder):
    """Return the processes of invocations that run at the same time."""
    calls = [{"meet": str(folder), "number": PROCESSES}] * PROCESSES
    return {answer["process"] for answer in at_once(invoke, calls)}


def at_once(invoke, calls):
    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(lambda event: json.load(invoke(**event)["Payload"]), calls))


def test_late_invocations_fail_alone_and_their_processes_go_on(invoke, tmp_path):
    before = meet(invoke, tmp_path / "before")
    gate = tmp_path / "gate"
    late = at_once(invoke, [{"wait_for": str(gate)}] * PROCESSES)
    assert {answer["errorType"] for answer in late} == {"Sandbox.Timedout"}
    gate.touch()
    assert meet(invoke, tmp_path / "after") == before


def test_the_environment_is_that_of_managed_instances(invoke):
    expected = {
        "AWS_LAMBDA_INITIALIZATION_TYPE": "lambda-managed-instances",
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_LAMBDA_MAX_CONCURRENCY": str(PROCESSES),
    }
    answer = json.load(invoke(environment=list(expected))["Payload"])
    assert answer["environment"] == expected


def test_a_killed_process_fails_its_own_invocation_alone(invoke, tmp_path):
    gate = tmp_path / "gate"
    with ThreadPoolExecutor(2) as pool:
        other = pool.submit(invoke, wait_for=str(gate))
        killed = json.load(invoke(kill=True)["Payload"])
        assert "lost the process" in killed["errorMessage"]
        gate.touch()
        assert "process" in json.load(other.result()["Payload"])


def test_a_function_whose_processes_have_all_ended_starts_again(invoke):
    for _ in range(2 * PROCESSES):
        assert invoke(kill=True)["FunctionError"] == "Unhandled"
    assert "process" in json.load(invoke()["Payload"])
