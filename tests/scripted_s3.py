"""A scripted S3: it answers over real HTTP as a test says, and records what is written to it."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from jitprep.service.http.whole_heads import take_whole_heads


@dataclass
class Answer:
    """The answer to a GET."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    claimed_length: int | None = None
    delay_s: float = 0.0
    reset: bool = False
    cut_in_headers: bool = False


@dataclass
class Written:
    """A WriteGetObjectResponse, or a PutObject, as it arrived."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def status(self) -> int:
        return int(self.headers["x-amz-fwd-status"])

    @property
    def code(self) -> str | None:
        return self.headers.get("x-amz-fwd-error-code")


@dataclass
class ScriptedS3:
    """The server, its answers, and the requests that it has received.

    The answers of ``script`` come first, one by one; then the answer that ``objects`` has for the path;
    else ``answer``. What is put becomes one of the objects.
    """

    url: str
    answer: Answer = field(default_factory=Answer)
    script: list[Answer] = field(default_factory=list)
    objects: dict[str, Answer] = field(default_factory=dict)
    gets: list[Mapping[str, str]] = field(default_factory=list)
    targets: list[tuple[str, str]] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)
    put: dict[str, Written] = field(default_factory=dict)
    put_status: int = 200

    def event_of(self, action: str, payload: str = "", **user: Any) -> dict[str, Any]:
        """Return the event of HeadObject, ListObjects or ListObjectsV2."""
        event = self.event(payload, **user)
        context = event.pop("getObjectContext")
        name = f"{action[0].lower()}{action[1:]}Context"
        return {**event, name: {"inputS3Url": context["inputS3Url"]}}

    def event(self, payload: str = "", **user: Any) -> dict[str, Any]:
        """Return a GetObject event in AWS's shape, with this server as S3."""
        host = "photos-123456789012.s3-accesspoint.us-east-1.amazonaws.com"
        return {
            "xAmzRequestId": "1a5ed718-5f53-471d-b6fe-5cf62d88d02a",
            "getObjectContext": {
                "inputS3Url": f"{self.url}/photos/a%20photo.jpg?X-Amz-Signature=SECRETSIGNATURE"
                "&X-Amz-SignedHeaders=host%3Bx-amz-request-payer",
                "outputRoute": "io-iad-cell001",
                "outputToken": "SECRETTOKEN",
            },
            "configuration": {
                "accessPointArn": "arn:aws:s3-object-lambda:us-east-1:123456789012:accesspoint/gray",
                "supportingAccessPointArn": "arn:aws:s3:us-east-1:123456789012:accesspoint/photos",
                "payload": payload,
            },
            "userRequest": {
                "url": f"https://{host}/a%20photo.jpg",
                "headers": {"Host": host, "Accept-Encoding": "identity"},
                **user,
            },
            "userIdentity": {"type": "IAMUser", "principalId": "SECRETPRINCIPAL"},
            "protocolVersion": "1.00",
        }


class Ranged(Mapping[str, Answer]):
    """An answer of an S3 that supports ranges, depending on the request's headers."""

    def __init__(self, s3: ScriptedS3, body: bytes, etag: str = '"source"') -> None:
        self.s3, self.body, self.etag = s3, body, etag
        self.more: dict[str, str] = {}

    def get(self, path: str, default: Any = None) -> Answer:
        asked = self.s3.gets[-1] if self.s3.targets[-1][0] == "GET" else {}
        if asked.get("if-match", self.etag) != self.etag:
            return Answer(412)
        headers = {"ETag": self.etag, "x-amz-meta-owner": "me", **self.more}
        if "range" not in asked:
            return Answer(200, headers, self.body)
        first, _, last = asked["range"].removeprefix("bytes=").partition("-")
        if int(first) >= len(self.body):
            return Answer(416, headers, b"<Error><Code>InvalidRange</Code></Error>")
        part = self.body[int(first) : int(last or len(self.body)) + 1]
        told = f"bytes {first}-{int(first) + len(part) - 1}/{len(self.body)}"
        return Answer(206, {**headers, "Content-Range": told}, part)

    def __getitem__(self, path: str) -> Answer:
        return self.get(path)

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0


class _Server(ThreadingHTTPServer):
    request_queue_size = 128  # a batch opens many connections at once


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedS3]:
    """Serve a scripted S3, and configure the handler to use it as its endpoint."""
    take_whole_heads()  # the server is Python's, and must take as many headers as S3
    server = _Server(("127.0.0.1", 0), BaseHTTPRequestHandler)
    scripted = ScriptedS3(f"http://127.0.0.1:{server.server_port}")
    server.RequestHandlerClass = _handler(scripted)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    environment = {
        "AWS_ENDPOINT_URL": scripted.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    _forget()
    yield scripted
    _forget()
    server.shutdown()
    thread.join()
    server.server_close()


def _forget() -> None:
    """Clear what the handler cached for another endpoint."""
    import boto3

    from jitprep.service import config, deadline, pipeline_choice
    from jitprep.service import s3 as own
    from jitprep.service.aws import write_get_object_response
    from jitprep.service.results import derived_object
    from jitprep.service.source import bucket_source, connection

    for made in (
        bucket_source._place,
        config.config,
        derived_object.result_cache,
        pipeline_choice.choose,
        connection.pool,
        deadline.original_room,
        deadline._turns,
        own.client,
        write_get_object_response.located,
    ):
        made.cache_clear()
    boto3.DEFAULT_SESSION = None  # it keeps the credentials that it found first


def _handler(s3: ScriptedS3) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.answer_with(b"")

        def do_GET(self) -> None:
            s3.gets.append({name.lower(): value for name, value in self.headers.items()})
            self.answer_with(None)

        def answer_with(self, body: bytes | None) -> None:
            # Python's server merges slashes in `path`.
            s3.targets.append((self.command, self.requestline.split(" ")[1]))
            known = s3.objects.get(unquote(urlsplit(self.path).path), s3.answer)
            answer = s3.script.pop(0) if s3.script else known
            time.sleep(answer.delay_s)
            self.send_response(answer.status)
            length = len(answer.body) if answer.claimed_length is None else answer.claimed_length
            for name, value in {"ETag": '"source"', **answer.headers}.items():
                self.send_header(name, value)
            self.close_connection = True
            if answer.cut_in_headers:
                self.flush_headers()
                return
            self.send_header("Content-Length", str(length))
            self.send_header("Connection", "close")
            self.end_headers()
            with suppress(BrokenPipeError):  # the client may have given up
                self.wfile.write(answer.body if body is None else body)
            if answer.reset:
                linger = struct.pack("ii", 1, 0)  # closes with a reset
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

        def do_POST(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            s3.written.append(Written(headers, body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_PUT(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            s3.put[self.path] = Written(headers, body)
            kind = {"Content-Type": headers["content-type"]}
            s3.objects[unquote(urlsplit(self.path).path)] = Answer(headers=kind, body=body)
            refusal = b"<Error><Code>AccessDenied</Code></Error>" if s3.put_status != 200 else b""
            self.send_response(s3.put_status)
            self.send_header("Content-Length", str(len(refusal)))
            self.end_headers()
            self.wfile.write(refusal)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


class Context:
    """The members of Lambda's context object that the handler uses."""

    aws_request_id = "8c2d5e2a-0000-4000-8000-000000000001"

    def __init__(self, remaining_ms: int = 60_000) -> None:
        self.remaining_ms = remaining_ms

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms


@pytest.fixture
def invoke(s3: ScriptedS3) -> Callable[..., Written]:
    """Call the handler as Lambda does and return what it wrote."""
    from handler.app import lambda_handler

    def call(event: dict[str, Any], remaining_ms: int = 60_000) -> Written:
        before = len(s3.written)
        lambda_handler(event, Context(remaining_ms))
        assert len(s3.written) == before + 1
        return s3.written[-1]

    return call


@pytest.fixture
def ask(s3: ScriptedS3) -> Callable[..., dict[str, Any]]:
    """Call the handler with an event whose answer is what the function returns."""
    from handler.app import lambda_handler

    def call(event: dict[str, Any], remaining_ms: int = 60_000) -> dict[str, Any]:
        returned = lambda_handler(event, Context(remaining_ms))
        assert s3.written == []
        return json.loads(json.dumps(returned))

    return call
