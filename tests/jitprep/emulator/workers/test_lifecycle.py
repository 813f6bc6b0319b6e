"""Endpoints start, report why they cannot, and stop without leaving anything behind."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from jitprep.emulator import Endpoint, EndpointConfig, EndpointError
from jitprep.emulator.testing import LocalObjectLambda

FUNCTIONS = Path(__file__).parents[1] / "functions"


def endpoint(**settings):
    return Endpoint(
        EndpointConfig(
            **{"port": 0, "handler": "behaviours.handler", "task_root": FUNCTIONS} | settings
        )
    )


def children() -> set[int]:
    found: set[int] = set()
    for task in Path(f"/proc/{os.getpid()}/task").iterdir():
        with suppress(FileNotFoundError):  # a thread that has ended since it was listed
            found |= {int(pid) for pid in (task / "children").read_text().split()}
    return found


def filled(endpoint, payload):
    local = LocalObjectLambda(endpoint)
    s3 = local.client("s3")
    s3.create_bucket(Bucket="texts")
    s3.put_object(Bucket="texts", Key="k", Body=b"hello")
    return s3, local.create_access_point("point", "texts", payload=payload)


def test_stopping_ends_every_process_and_reader_in_three_seconds(expect_error):
    before = children()
    with endpoint() as started:
        s3, alias = filled(started, "sleep")
        codes = []

        def read():
            try:
                s3.get_object(Bucket=alias, Key="k")
            except Exception as error:
                codes.append(error)

        readers = [threading.Thread(target=read) for _ in range(4)]
        for reader in readers:
            reader.start()
        time.sleep(1)
        port = int(started.url.rpartition(":")[2])
        assert len(children() - before) == 3, "moto and two workers"
        stopping = time.monotonic()
    assert time.monotonic() - stopping < 3
    assert children() == before
    for reader in readers:
        reader.join(3)
    assert len(codes) == 4
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_two_endpoints_share_nothing():
    with endpoint(workers=1) as one, endpoint(workers=1) as other:
        LocalObjectLambda(one).client("s3").create_bucket(Bucket="mine")
        assert LocalObjectLambda(other).client("s3").list_buckets()["Buckets"] == []


def test_a_taken_port_is_an_error_that_names_it():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EndpointError, match=f"Port {port} on 127.0.0.1 is in use"):
            endpoint(port=port).start()


def test_an_address_of_another_machine_is_an_error():
    with pytest.raises(EndpointError, match=r"Cannot listen on 192\.0\.2\.1"):
        endpoint(host="192.0.2.1").start()


def test_it_listens_on_every_host_it_is_given():
    with endpoint(workers=1, extra_hosts=["127.0.0.2"]) as started:
        assert [url.rpartition(":")[0] for url in started.listen_urls] == [
            "http://127.0.0.1",
            "http://127.0.0.2",
        ]
        for url in started.listen_urls:
            connection = http.client.HTTPConnection(urlsplit(url).netloc)
            connection.request("GET", "/")
            assert connection.getresponse().status == 403, "the request is not signed"
            connection.close()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"workers": 0}, "workers is 0"),
        ({"timeout": 0}, "timeout is 0"),
        ({"account": "12"}, "twelve digits"),
        ({"task_root": Path("/no/such/folder")}, "/no/such/folder"),
        ({"containers": {"preprocess": []}}, "preprocess has no container"),
        ({"s3_url": "localhost:9000"}, "http://"),
        ({"s3_url": "http://localhost:9000/s3"}, "has a path"),
        ({"port": 65536}, "port is 65536"),
        ({"region": "us_east"}, "region is 'us_east'"),
        ({"invoke_mode": "STREAM"}, "BUFFERED or RESPONSE_STREAM"),
        ({"function_concurrency": 2, "snap_start": True}, "no SnapStart"),
    ],
)
def test_wrong_settings_are_named(settings, words):
    with pytest.raises(EndpointError, match=words):
        EndpointConfig(**settings)


def test_a_handler_that_cannot_be_imported_is_reported_to_the_client(tmp_path, expect_error):
    module = tmp_path / "repaired.py"
    module.write_text("import nothing_of_that_name")
    with endpoint(handler="repaired.handler", task_root=tmp_path, workers=1) as started:
        s3, alias = filled(started, "upper")
        with expect_error("LambdaRuntimeError", 500) as message:
            s3.get_object(Bucket=alias, Key="k")
        assert "nothing_of_that_name" in message()
        module.write_text((FUNCTIONS / "behaviours.py").read_text())
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                body = s3.get_object(Bucket=alias, Key="k")["Body"].read()
                break
            except s3.exceptions.ClientError:
                time.sleep(0.1)
        assert body == b"HELLO"


def test_a_handler_that_hangs_at_import_is_reported_to_the_client(tmp_path, expect_error):
    (tmp_path / "hanging.py").write_text("import time; time.sleep(60)")
    with endpoint(handler="hanging.handler", task_root=tmp_path, workers=1, timeout=1) as started:
        s3, alias = filled(started, "upper")
        with expect_error("LambdaRuntimeError", 500) as message:
            s3.get_object(Bucket=alias, Key="k")
        assert "could not start" in message()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_end_a_program_that_waits(number):
    program = (
        "import signal, threading, time; from jitprep.emulator import Endpoint, EndpointConfig\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # a test runner may ignore it\n"
        "def say_when_it_waits():\n"
        "    while signal.getsignal(signal.SIGTERM) is signal.SIG_DFL: time.sleep(0.01)\n"
        "    print('ready', flush=True)\n"
        "threading.Thread(target=say_when_it_waits).start()\n"
        "with Endpoint(EndpointConfig(port=0, handler='behaviours.handler')) as endpoint:\n"
        "    endpoint.wait()\n"
        "print('ended', flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", program],
        cwd=FUNCTIONS,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "ready\n"
        interrupted = time.monotonic()
        process.send_signal(number)
        try:
            out, err = process.communicate(timeout=10)
        finally:
            process.kill()
    assert time.monotonic() - interrupted < 3
    assert (process.returncode, out, err) == (0, "ended\n", "")


def test_the_children_of_a_killed_endpoint_end_too():
    program = (
        "import os, sys; from jitprep.emulator import Endpoint, EndpointConfig\n"
        "Endpoint(EndpointConfig(port=0, handler='behaviours.handler')).start()\n"
        "print(os.getpid(), flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=FUNCTIONS,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        pid = int(process.stdout.readline())
        time.sleep(1)
        tasks = Path(f"/proc/{pid}/task").iterdir()
        left = {int(child) for task in tasks for child in (task / "children").read_text().split()}
        assert len(left) == 3
        process.kill()
    deadline = time.monotonic() + 5
    while any(Path(f"/proc/{child}").exists() for child in left) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [child for child in left if Path(f"/proc/{child}").exists()] == []


def test_the_plugin_loads_nothing_heavy():
    program = (
        "import sys, jitprep.emulator.pytest_plugin\n"
        "print(sorted({'moto', 'boto3', 'botocore', 'uvicorn', 'httpx'} & sys.modules.keys()))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout == b"[]\n"


def test_an_endpoint_can_be_started_again(tmp_path):
    again = endpoint(workers=1)
    for _ in range(2):
        with again:
            assert LocalObjectLambda(again).client("s3").list_buckets()["Buckets"] == []
    with pytest.raises(EndpointError, match="not started"):
        _ = again.url


def test_an_s3_that_cannot_start_is_an_error_and_leaves_nothing(monkeypatch, tmp_path):
    (tmp_path / "moto.py").write_text("raise SystemExit('no moto today')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    before = children()
    with pytest.raises(EndpointError, match="The S3 inside did not start"):
        endpoint().start()
    assert children() == before


def test_the_workers_output_goes_to_the_configured_stream(tmp_path, expect_error):
    log = tmp_path / "log"
    with log.open("w") as output, endpoint(workers=1, output=output) as started:
        s3, alias = filled(started, "exit_process:a line of its own")
        with expect_error("LambdaRuntimeError", 500):
            s3.get_object(Bucket=alias, Key="k")
    assert "preprocess[0] a line of its own\n" in log.read_text()
