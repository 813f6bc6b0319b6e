"""Workers: each event is answered by one, and they live and end as their parent says."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Lambda is Linux")

RUN = """
import os, sys, time
from handler.runtime_client import workers

def handler(event, context, send):
    if event.get("until"):
        while not os.path.exists(event["until"]):
            time.sleep(0.01)
    if event.get("die"):
        os.kill(os.getpid(), 9)
    return {"pid": os.getpid(), "draws": [__import__("random").random()]}

def load():
    LOAD
    return handler

workers._PAUSE_S = 0.01
sys.exit(workers.supervise_workers(os.environ["AWS_LAMBDA_RUNTIME_API"], 3, load))
"""


def is_running(pid: int) -> bool:
    """Return whether a process runs: not ended, be it waited for or not."""
    with suppress(OSError):
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    return False


def wait_until(happened) -> None:
    deadline = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def answer(api) -> dict:
    return json.loads(api.posted().body)


@pytest.fixture
def three(api, process, tmp_path):
    """The parent of three idle workers, and a file that events may wait for."""
    parent = process(RUN.replace("LOAD", ""))
    gate = tmp_path / "gate"
    api.wait_until_idle(3)
    return parent, gate


def test_events_are_answered_at_the_same_time_by_different_processes(api, three):
    parent, gate = three
    api.send(*3 * [{"until": str(gate)}])
    wait_until(api.events.empty)
    gate.touch()
    answers = [answer(api) for _ in range(3)]
    assert len({one["pid"] for one in answers} | {parent.pid}) == 4
    assert len({one["draws"][0] for one in answers}) == 3, "they share no random numbers"


def test_a_killed_worker_is_replaced_and_reported(api, three):
    parent, _ = three
    api.send({"die": True})
    api.wait_until_idle(1)
    api.send(*3 * [{}])
    assert all(answer(api)["pid"] for _ in range(3))
    parent.terminate()
    assert parent.wait(20) == 0
    (line,) = parent.stdout.read().splitlines()
    assert "was killed by SIGKILL; another starts in 0.02 s" in json.loads(line)["errorMessage"]


def test_sigterm_lets_each_worker_answer_its_event(api, three, tmp_path):
    parent, gate = three
    api.send({"until": str(gate)})
    wait_until(api.events.empty)
    parent.terminate()
    with pytest.raises(subprocess.TimeoutExpired):
        parent.wait(0.3)
    gate.touch()
    assert answer(api)["pid"]
    assert parent.wait(20) == 0
    assert api.posts.empty()


def test_workers_do_not_outlive_their_parent(api, three):
    parent, _ = three
    api.send(*3 * [{}])
    workers = [answer(api)["pid"] for _ in range(3)]
    os.kill(parent.pid, signal.SIGKILL)
    wait_until(lambda: not any(map(is_running, workers)))


def test_workers_that_only_crash_are_given_up(api, process):
    """The parent has loaded the handler; in the workers, loading it crashes."""
    crash = "os.getpid() == os.getsid(0) or os.kill(os.getpid(), 11)"
    parent = process(RUN.replace("LOAD", crash))
    assert parent.wait(60) == 1
    lines = [json.loads(line)["errorMessage"] for line in parent.stdout.read().splitlines()]
    assert len(lines) >= 13, "each of three may do so four times"
    assert all("was killed by SIGSEGV" in line for line in lines)
    assert sum("another starts in 0.16 s" in line for line in lines) == 3, "after longer pauses"
    assert "the function ends" in lines[-1]


def test_a_failed_start_ends_all_and_is_reported(api, process):
    parent = process(RUN.replace("LOAD", "raise ValueError('JITPREP_STORE names nothing')"))
    sent = api.posted()
    assert sent.path == "init/error"
    assert sent.headers["lambda-runtime-function-error-type"] == "ValueError"
    assert json.loads(sent.body)["errorMessage"] == "JITPREP_STORE names nothing"
    assert parent.wait(20) == 63


@pytest.mark.parametrize("number", ["0", "abc", ""])
def test_a_number_of_workers_that_is_none_is_reported(api, process, number):
    run = "import sys; from handler.runtime_client.__main__ import main; sys.argv[1:] = []; "
    started = process(run + "sys.exit(main())", {"AWS_LAMBDA_MAX_CONCURRENCY": number})
    sent = api.posted()
    assert sent.path == "init/error"
    assert f"above 0, got {number!r}" in json.loads(sent.body)["errorMessage"]
    assert started.wait(20) == 63
