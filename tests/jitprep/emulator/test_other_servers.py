"""Functions in containers, and another S3 behind the endpoint.

What a Runtime Interface Emulator container answers is what Lambda's Invoke answers, so that a
second endpoint with a function named `function` stands in its place here. The container itself
is under test in tests/container.
"""

from __future__ import annotations

import http.server
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from jitprep.emulator.sockets import bridge_address

FUNCTIONS = Path(__file__).parent / "functions"
NOBODY = "http://127.0.0.1:1"  # nothing listens on this port


def free_port(host: str) -> int:
    with socket.create_server((host, 0)) as sock:
        return int(sock.getsockname()[1])


@pytest.fixture(scope="module")
def remote(object_lambda_endpoint, local):
    """An endpoint that uses the S3 of a second one, and the workers of a third as containers."""
    # Its own address, so that no other program takes the port first.
    host = "127.0.0.3"
    url = f"http://{host}:{free_port(host)}"
    containers = [
        object_lambda_endpoint(
            handler="behaviours.handler",
            task_root=FUNCTIONS,
            function_name="function",
            workers=1,
            worker_env={"AWS_ENDPOINT_URL": url, "http_proxy": url, "HTTP_PROXY": url},
            verify_signatures=False,  # containers do not require signatures
        )
        for _ in range(2)
    ]
    return object_lambda_endpoint(
        host=host,
        port=int(url.rpartition(":")[2]),
        containers={"preprocess": [container.url for container in containers]},
        s3_url=local.url,
        container_url=url,
    )


class Refusing(http.server.BaseHTTPRequestHandler):
    """A server that answers Lambda's Invoke with an error."""

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.said)))
        self.end_headers()
        self.wfile.write(self.server.said)

    def log_message(self, *arguments):
        pass


class Counting(http.server.BaseHTTPRequestHandler):
    """A function that returns null, and counts its invocations."""

    def do_POST(self):
        self.server.asked += 1
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"null")

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def refusing(object_lambda_endpoint):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever).start()
        url = f"http://127.0.0.1:{server.server_port}"
        local = object_lambda_endpoint(containers={"preprocess": [url]}, workers=1)
        local.client("s3").create_bucket(Bucket="texts")
        alias = local.create_access_point("refused", "texts")
        s3, aws_lambda = local.client("s3"), local.client("lambda")
        yield (
            server,
            lambda: s3.get_object(Bucket=alias, Key="k"),
            lambda: aws_lambda.invoke(FunctionName="preprocess"),
        )
        server.shutdown()


@pytest.fixture(scope="module")
def read(remote, reader):
    s3 = remote.client("s3")

    def call(payload):
        name = f"remote-{payload.translate(str.maketrans('_: ', '---'))}"
        alias = remote.create_access_point(name, "texts", payload=payload)
        return s3.get_object(Bucket=alias, Key="greeting.txt")["Body"].read()

    return call


def test_containers_run_the_function_on_the_other_s3(read):
    assert read("upper") == b"HELLO"


def test_input_urls_lead_to_the_other_s3(read, local):
    event = json.loads(read("echo_event"))
    assert event["getObjectContext"]["inputS3Url"].startswith(f"{local.url}/texts/")


def test_a_pool_serves_more_readers_than_it_has_containers(remote, read, reader):
    alias = remote.create_access_point("pool", "texts", payload="upper")
    s3 = remote.client("s3")
    with ThreadPoolExecutor(20) as pool:
        bodies = pool.map(
            lambda _: s3.get_object(Bucket=alias, Key="greeting.txt")["Body"].read(), range(20)
        )
        assert set(bodies) == {b"HELLO"}


@pytest.mark.parametrize(
    ("payload", "code", "words"),
    [
        ("raise_error:boom", "LambdaRuntimeError", "ValueError: boom"),
        ("return_silently", "LambdaResponseNotReceived", "WriteGetObjectResponse"),
        ("exit_process:bye", "LambdaRuntimeError", "status 17"),
    ],
)
def test_failures_in_a_container_reach_the_reader(read, expect_error, payload, code, words):
    with expect_error(code, 500) as message:
        read(payload)
    assert words in message()


def test_a_container_that_is_not_there_is_named(object_lambda_endpoint, expect_error):
    url = NOBODY
    local = object_lambda_endpoint(containers={"preprocess": [url]}, workers=1)
    local.client("s3").create_bucket(Bucket="texts")
    alias = local.create_access_point("absent", "texts")
    with expect_error("LambdaInvocationFailed", 400) as message:
        local.client("s3").get_object(Bucket=alias, Key="k")
    assert url in message()
    assert "docker ps" in message()


def test_an_unreachable_container_fails_no_read_and_is_used_again(object_lambda_endpoint):
    host = "127.0.0.4"  # so that no other program takes the port before the container returns
    dead = f"http://{host}:{free_port(host)}"
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Counting) as alive:
        alive.asked = 0
        threading.Thread(target=alive.serve_forever).start()
        urls = [dead, f"http://127.0.0.1:{alive.server_port}"]
        local = object_lambda_endpoint(containers={"preprocess": urls}, workers=1)
        aws_lambda = local.client("lambda")
        for _ in range(6):
            assert aws_lambda.invoke(FunctionName="preprocess")["StatusCode"] == 200
        assert alive.asked == 6
        with http.server.ThreadingHTTPServer(
            (host, int(dead.rpartition(":")[2])), Counting
        ) as back:
            back.asked = 0
            threading.Thread(target=back.serve_forever).start()
            deadline = time.monotonic() + 10
            while not back.asked and time.monotonic() < deadline:
                aws_lambda.invoke(FunctionName="preprocess")
                time.sleep(0.1)
            back.shutdown()
            assert back.asked
        alive.shutdown()
    with pytest.raises(ClientError, match=f"{dead} or "):
        aws_lambda.invoke(FunctionName="preprocess")


@pytest.mark.parametrize(
    ("answer", "code", "status"),
    [
        (403, "LambdaPermissionError", 403),
        (404, "LambdaNotFound", 404),
        (429, "SlowDown", 503),
        (413, "LambdaInvocationFailed", 400),
        (500, "LambdaInvocationFailed", 400),
    ],
)
def test_the_status_of_a_refused_invocation_decides_the_error(
    refusing, expect_error, answer, code, status
):
    server, read, invoke = refusing
    server.status, server.said = answer, b"not you"
    with expect_error(code, status) as message:
        read()
    assert f"answered {answer}: not you" in message()
    with expect_error("ServiceException", answer):
        invoke()


@pytest.mark.parametrize("kind", ["Function.ResponseSizeTooLarge", "Runtime.ExitError"])
def test_an_error_of_the_function_is_recognised_at_any_status(refusing, expect_error, kind):
    """The Runtime Interface Emulator answers 502 if the function's process has ended."""
    server, read, invoke = refusing
    server.status = 502
    server.said = json.dumps({"errorType": kind, "errorMessage": "it ended"}).encode()
    with expect_error("LambdaRuntimeError", 500) as message:
        read()
    assert f"{kind}: it ended" in message()
    answer = invoke()
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert answer["Payload"].read() == server.said


def test_with_containers_it_listens_on_dockers_bridge(object_lambda_endpoint):
    bridge = bridge_address()
    local = object_lambda_endpoint(containers={"elsewhere": [NOBODY]}, workers=1)
    hosts = [url.rpartition(":")[0] for url in local.endpoint.listen_urls]
    assert hosts == ["http://127.0.0.1"] + ([f"http://{bridge}"] if bridge else [])


def test_an_s3_that_is_not_there_is_named(object_lambda_endpoint, expect_error):
    url = NOBODY
    local = object_lambda_endpoint(s3_url=url, workers=1)
    with expect_error("ServiceUnavailable", 503) as message:
        local.client("s3").get_object(Bucket="texts", Key="k")
    assert url in message()
