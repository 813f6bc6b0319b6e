"""The start of the container: with the Runtime API on Lambda, elsewhere behind the emulator."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue

import pytest

from .harness import container, docker, wait_until

LOCKED_DOWN = ("--read-only", "--tmpfs", "/tmp")
# An event of an unknown shape: the runtime must report an error.
UNKNOWN_EVENT = b'{"what": "is this"}'


@contextmanager
def runtime_api(event: bytes) -> Iterator[tuple[str, Queue[str]]]:
    """Lambda's Runtime API with one event: its address, and the paths that the runtime posts to."""
    posted: Queue[str] = Queue()
    handed_out = threading.Event()
    ended = threading.Event()

    class RuntimeApi(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if handed_out.is_set():
                ended.wait()
                return
            handed_out.set()
            self.send_response(200)
            self.send_header("Lambda-Runtime-Aws-Request-Id", "one")
            self.send_header("Lambda-Runtime-Deadline-Ms", str(int(time.time() * 1000) + 60_000))
            self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:x:1:function:f")
            self.send_header("Lambda-Runtime-Trace-Id", "Root=1-00000000-00;Sampled=0")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(event)))
            self.end_headers()
            self.wfile.write(event)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            posted.put(self.path)
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), RuntimeApi)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}", posted
    finally:
        ended.set()
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("client", "module"), [("awslambdaric", "awslambdaric"), ("jitprep", "handler.runtime_client")]
)
def test_on_lambda_the_function_takes_its_events_from_lambda(
    function_image: str, client: str, module: str
) -> None:
    with runtime_api(UNKNOWN_EVENT) as (address, posted):
        lambda_gives = (
            *("--network", "host", "--env", f"AWS_LAMBDA_RUNTIME_API={address}"),
            *("--env", "AWS_REGION=us-east-1", "--env", f"JITPREP_RUNTIME_CLIENT={client}"),
        )
        with container(function_image, *lambda_gives, *LOCKED_DOWN) as function:
            wait_until(lambda: not posted.empty(), function.logs, seconds=30)
            processes = function.processes()
    assert posted.get().startswith("/2018-06-01/runtime/invocation/one/")
    assert module in processes
    assert "aws-lambda-rie" not in processes


def test_elsewhere_the_emulator_hands_each_event_to_one_living_function(
    function_image: str,
) -> None:
    with container(function_image, "-p", "127.0.0.1::8080", *LOCKED_DOWN) as function:
        function.wait_until_it_listens()
        first = json.loads(function.invoke(UNKNOWN_EVENT))
        processes = function.processes()
        second = json.loads(function.invoke(UNKNOWN_EVENT))
        assert function.processes() == processes, "the function was started again"
    assert first["errorType"] == second["errorType"] == "ValueError"
    assert "aws-lambda-rie" in processes


def test_it_stops_when_told_to(function_image: str) -> None:
    with container(function_image, "-p", "127.0.0.1::8080") as function:
        function.wait_until_it_listens()
        docker("stop", "--time", "20", function.id)
        assert function.state("ExitCode") != "137", "it had to be killed"


def test_without_a_way_to_its_host_it_says_what_to_set(function_image: str) -> None:
    with container(function_image, "--network", "none") as function:
        assert docker("wait", function.id) == "64"
        assert "AWS_ENDPOINT_URL" in function.logs()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param((), "http://{gateway}:9000", id="default-gateway"),
        pytest.param(
            ("--add-host", "host.docker.internal:127.0.0.1"),
            "http://host.docker.internal:9000",
            id="named-host",
        ),
        pytest.param(
            ("--env", "AWS_ENDPOINT_URL=http://endpoint:1"), "http://endpoint:1", id="explicit"
        ),
    ],
)
def test_the_endpoint_is_the_host_unless_one_is_given(
    function_image: str, options: tuple[str, ...], expected: str
) -> None:
    with container(function_image, "-p", "127.0.0.1::8080", *options) as function:
        function.wait_until_it_listens()
        environment = docker("exec", function.id, "cat", "/proc/1/environ").split("\0")
        gateway = docker("inspect", "--format", "{{.NetworkSettings.Gateway}}", function.id)
    assert f"AWS_ENDPOINT_URL={expected.format(gateway=gateway)}" in environment


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param((), "us-east-1", id="default"),
        pytest.param(("--env", "AWS_REGION=eu-west-1"), "eu-west-1", id="region"),
        pytest.param(("--env", "AWS_DEFAULT_REGION=eu-west-1"), "eu-west-1", id="default-region"),
        pytest.param(
            ("--env", "AWS_REGION=eu-west-1", "--env", "AWS_DEFAULT_REGION=us-west-2"),
            "eu-west-1",
            id="both",
        ),
    ],
)
def test_the_sdk_is_in_the_functions_region(
    function_image: str, options: tuple[str, ...], expected: str
) -> None:
    """botocore reads AWS_DEFAULT_REGION and ignores AWS_REGION."""
    with container(function_image, "-p", "127.0.0.1::8080", *options) as function:
        function.wait_until_it_listens()
        function.invoke(UNKNOWN_EVENT)  # the emulator starts the function with its first event
        for process in _python_processes(function.id):
            environment = docker("exec", function.id, "cat", f"/proc/{process}/environ").split("\0")
            assert f"AWS_REGION={expected}" in environment
            assert f"AWS_DEFAULT_REGION={expected}" in environment


def _python_processes(container_id: str) -> list[str]:
    """Return the processes of the function by their IDs in the container."""
    arguments = "tr '\\0' ' ' <$process/cmdline"
    each = f"{arguments} | grep -q ^python && echo ${{process#/proc/}}"
    find = f"for process in /proc/[0-9]*; do {each}; done; true"
    found = docker("exec", container_id, "sh", "-c", find).split()
    assert found
    return found
