"""Workers: what they are started with, and how they end: requests under way are answered."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from jitprep.server import supervisor
from preprocessing import Pipeline
from tests.paths import ROOT
from tests.photos import photo

from .running import PLAIN, Running, eventually, serving
from .slow_source import SlowSource

SPEC = "resize:8,8/npy"


@pytest.fixture
def source() -> Iterator[SlowSource]:
    with SlowSource().running() as running:
        yield running


@pytest.fixture
def server(tmp_path: Path, source: SlowSource) -> Iterator[Running]:
    path = tmp_path / "jitprep.toml"
    path.write_text(
        f'workers = 2\n[mounts.web]\nsource = "{source.url}"\npipeline = "{SPEC}"\n'
        "anonymous = true\ntimeout = 5\n"
    )
    with serving(tmp_path, "--config", path) as running:
        yield running


@pytest.fixture(scope="module")
def expected() -> bytes:
    return bytes(Pipeline.parse(SPEC).encode(photo("rocket")).body)


def takes_no_more(server: Running) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", server.port), 5):
            return False
    except ConnectionRefusedError:
        return True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_requests_under_way_are_answered_before_the_end(server, source, expected, number):
    with ThreadPoolExecutor(4) as threads:
        waiting = [threads.submit(server.ask, "/web/slow") for _ in range(4)]
        source.wait(4)
        server.process.send_signal(number)
        eventually(lambda: takes_no_more(server))
        assert server.process.poll() is None
        source.gate.set()
        assert [answer.result().body for answer in waiting] == [expected] * 4
    assert server.process.wait(60) == 0
    assert "Traceback" not in server.errors_file.read_text()


def test_an_idle_connection_does_not_delay_the_end(server):
    connections = [server.connection() for _ in range(8)]
    for connection in connections:
        connection.request("GET", "/web/quick")
        connection.getresponse().read()
    assert server.stop() == 0
    for connection in connections:
        connection.close()
    assert server.errors_file.read_text().count("\n") == 1


def test_what_takes_too_long_is_answered_before_the_end(server, source):
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(server.ask, "/web/slow")
        source.wait()
        server.process.send_signal(signal.SIGTERM)
        assert waiting.result().error == (503, "DeadlineExceeded")
        source.gate.set()
    assert server.process.wait(60) == 0


def test_a_worker_that_is_killed_is_replaced_while_the_others_answer(server, expected):
    before = eventually(lambda: len(server.ready_workers) == 2 and server.ready_workers)
    answered = partial(server.metric, "jitprep_requests_total", mount="web", status="200")
    assert server.ask("/web/quick").body == expected
    eventually(lambda: answered() == 1)  # a worker counts after it has answered
    os.kill(before[0], signal.SIGKILL)
    eventually(lambda: before[0] not in server.workers)  # it may take a last connection
    for _ in range(20):
        assert server.ask("/web/quick").body == expected
    after = eventually(lambda: set(server.workers) - set(before) and server.workers)
    assert len(after) == 2 and before[1] in after
    for _ in range(20):
        assert server.ask("/web/quick").body == expected
    eventually(lambda: answered() == 41)
    eventually(lambda: server.metric("jitprep_requests_under_way") == 1)
    assert server.stop() == 0


def test_a_worker_that_is_killed_at_work_leaves_no_request_under_way(server, source):
    pids = eventually(lambda: len(server.workers) == 2 and server.workers)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(server.ask, "/web/slow")
        source.wait()
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        assert isinstance(waiting.exception(), OSError)
    eventually(lambda: server.metric("jitprep_requests_under_way") == 1)
    assert server.metric("jitprep_requests_total", mount="web") == 0


def test_workers_end_with_their_parent_however_it_ends(server, source, expected):
    pids = eventually(lambda: len(server.ready_workers) == 2 and server.ready_workers)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(server.ask, "/web/slow")
        source.wait()
        server.process.kill()
        eventually(lambda: takes_no_more(server))
        source.gate.set()
        assert waiting.result().body == expected
    eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))


def test_a_worker_that_hangs_does_not_keep_the_server_from_its_end(server):
    stopped, other = eventually(lambda: len(server.ready_workers) == 2 and server.ready_workers)
    os.kill(stopped, signal.SIGSTOP)
    server.process.send_signal(signal.SIGHUP)
    assert server.process.wait(30) == 0
    for pid in (stopped, other):
        assert not Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize("after_s", [0.0, 0.2, 0.8])
def test_a_signal_ends_it_at_any_moment_of_its_start(photographs, tmp_path, after_s):
    own = tmp_path / "own"
    own.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "jitprep.server", photographs, "--pipeline", SPEC, "--port", "0"],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
        env={**PLAIN, "TMPDIR": str(own)},
    )
    eventually(lambda: any(own.iterdir()))
    time.sleep(after_s)
    process.terminate()
    assert process.wait(60) in {0, 128 + signal.SIGTERM}
    assert not any(own.iterdir())


def test_a_file_that_is_wrong_keeps_a_worker_from_being_replaced_and_no_more(server, tmp_path):
    pids = eventually(lambda: len(server.ready_workers) == 2 and server.ready_workers)
    assert server.ask("/web/quick").status == 200
    path = tmp_path / "jitprep.toml"
    good = path.read_text()
    path.write_text("[mounts")
    os.kill(pids[0], signal.SIGKILL)
    eventually(lambda: "is not TOML" in server.errors_file.read_text())
    for _ in range(5):
        assert server.ask("/web/quick").status == 200
    path.write_text(good)
    eventually(lambda: len(server.workers) == 2 and pids[0] not in server.workers)
    assert server.ask("/web/quick").status == 200
    assert server.stop() == 0


@pytest.fixture
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    for name in ("JITPREP_MEMORY", "JITPREP_CPUS", supervisor.FOLDER_VARIABLE):
        monkeypatch.setenv(name, "")  # so that it is restored, whatever the supervisor sets
        monkeypatch.delenv(name)
    config = tmp_path / "jitprep.toml"
    config.write_text('memory = "300MB"\n')
    monkeypatch.setenv("JITPREP_CONFIG", str(config))
    return monkeypatch


@pytest.mark.usefixtures("own_environment")
def test_the_memory_in_the_file_is_that_of_a_worker(tmp_path):
    supervisor._share(2, tmp_path)
    assert "JITPREP_MEMORY" not in os.environ


def test_without_one_workers_have_equal_shares(own_environment, tmp_path):
    own_environment.setenv("JITPREP_CONFIG", "")
    supervisor._share(2, tmp_path)
    assert int(os.environ["JITPREP_MEMORY"]) > 0
