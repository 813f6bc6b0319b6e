"""Requests that wait: the bounded queue, deadlines, and clients that leave."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from preprocessing import Pipeline
from tests.photos import photo

from .running import Running, eventually, serving
from .slow_source import SlowSource

SPEC = "resize:8,8/npy"
Start = Callable[[str], tuple[Running, SlowSource]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Return a function that starts a server with these settings, whose source is slow."""
    with ExitStack() as stack:

        def start(settings: str) -> tuple[Running, SlowSource]:
            source = stack.enter_context(SlowSource().running())
            path = tmp_path / "jitprep.toml"
            path.write_text(
                f'{settings}\n[mounts.web]\nsource = "{source.url}"\npipeline = "{SPEC}"\n'
                "anonymous = true\n"
            )
            return stack.enter_context(serving(tmp_path, "--config", path)), source

        yield start


@pytest.fixture(scope="module")
def expected() -> bytes:
    return bytes(Pipeline.parse(SPEC).encode(photo("rocket")).body)


def lines(server: Running) -> list[dict[str, Any]]:
    text = server.log_file.read_text()
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def under_way(server: Running) -> float:
    return server.metric("jitprep_requests_under_way") - 1  # the request for the metrics is another


def test_what_the_queue_has_no_room_for_is_told_to_come_back(start, expected):
    server, source = start("workers = 1\nqueue = 2")
    with ThreadPoolExecutor(3) as threads:
        waiting = [threads.submit(server.ask, f"/web/slow{number}") for number in range(2)]
        source.wait(2)
        eventually(lambda: under_way(server) == 2)
        batch = threads.submit(server.ask, "/_batch/web", "POST", body=b'{"keys": ["quick"]}')
        for path in ("/web/quick", "/web/slow"):
            refused = server.ask(path)
            assert refused.error == (503, "SlowDown")
            assert refused.headers["retry-after"] == "1"
            assert refused.headers["connection"] == "close"
        for path in ("/healthz", "/readyz", "/metrics", "/web"):
            assert server.ask(path).status in {200, 503}
        assert server.ask("/healthz").status == server.ask("/readyz").status == 200
        source.gate.set()
        assert [answer.result().body for answer in waiting] == [expected] * 2
        assert expected in batch.result().body  # the objects of a batch wait
    assert server.ask("/web/quick").body == expected
    eventually(lambda: server.metric("jitprep_errors_total", code="SlowDown") >= 2)


def test_a_batch_waits_for_room_instead(start, expected):
    server, source = start("workers = 1\nqueue = 2")
    with ThreadPoolExecutor(2) as threads:
        one = threads.submit(server.ask, "/web/slow")
        source.wait()
        keys = [f"quick{number}" for number in range(20)]
        body = json.dumps({"keys": keys}).encode()
        batch = threads.submit(server.ask, "/_batch/web", "POST", None, body)
        assert batch.result().body.endswith(b'{"rows": 20, "failed": 0}\n')
        source.gate.set()
        assert one.result().body == expected


def test_what_takes_too_long_is_answered_in_time(start, expected):
    server, source = start("workers = 1\ntimeout = 1")
    answer = server.ask("/web/slow")
    assert answer.error == (503, "DeadlineExceeded")
    body = server.ask("/_batch/web", "POST", body=b'{"keys": ["slow", "quick"]}').body
    first = json.loads(body.partition(b"\n")[0])
    assert (first["statusCode"], first["errorCode"]) == (503, "DeadlineExceeded")
    assert body.endswith(b'{"rows": 1, "failed": 1}\n')
    source.gate.set()
    assert server.ask("/web/slow").body == expected


def test_a_client_that_leaves_is_not_waited_for(start, expected):
    server, source = start("workers = 1")
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"GET /web/slow HTTP/1.1\r\nHost: a\r\n\r\n")
        source.wait()
        assert under_way(server) == 1
    eventually(lambda: under_way(server) == 0)
    (line,) = eventually(lambda: [one for one in lines(server) if one.get("key") == "slow"])
    assert (line["status"], line["level"]) == (499, "INFO")
    source.gate.set()
    assert server.ask("/web/slow").body == expected


def test_a_batch_that_waits_for_room_ends_with_its_client(start, expected):
    server, source = start("workers = 1\nqueue = 1")
    with ThreadPoolExecutor(1) as threads:
        one = threads.submit(server.ask, "/web/slow")
        source.wait()
        body = b'{"keys": ["quick"]}'
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(
                b"POST /_batch/web HTTP/1.1\r\nHost: a\r\nContent-Length: 19\r\n\r\n" + body
            )
            assert client.recv(1000).startswith(b"HTTP/1.1 200 ")
            assert under_way(server) == 2
        left = time.monotonic()
        eventually(lambda: under_way(server) == 1)
        assert time.monotonic() - left < 20  # and not after the 60 s that an object may take
        source.gate.set()
        assert one.result().body == expected


def test_a_request_that_never_ends_its_head_or_body_holds_nothing(start, expected):
    server, _ = start("workers = 1\nqueue = 2")
    with ExitStack() as stack:
        for head in (
            b"GET /web/quick HTTP/1.1\r\n",
            b"POST /_batch/web HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\n{",
        ):
            for _ in range(5):
                client = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
                client.sendall(head)
        assert server.ask("/web/quick").body == expected
    eventually(lambda: under_way(server) == 0)
    assert '"level":"ERROR"' not in server.log_file.read_text()
