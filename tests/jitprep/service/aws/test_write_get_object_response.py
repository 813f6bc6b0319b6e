"""WriteGetObjectResponse: what AWS's SDK would send, tried again as it would, and secret."""

from __future__ import annotations

import http.client
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import boto3
import pytest
from botocore.config import Config

from jitprep.service.aws import write_get_object_response as module
from jitprep.service.aws.write_get_object_response import send_get_object_response
from jitprep.service.errors import ReplyFailed
from jitprep.service.shards.body_stream import BodyStream
from jitprep.sigv4.request_head import RequestHead
from jitprep.sigv4.verification import Verifier

from ....scripted_s3 import _forget

HEADERS = {
    "x-amz-fwd-status": "200",
    "x-amz-fwd-header-etag": '"e"',
    "x-amz-fwd-header-last-modified": "Thu, 01 Jan 2015 00:00:00 GMT",
    "x-amz-meta-a": "b",
}

# A failure after the status 200 was sent.
LATE = 299


@pytest.fixture
def s3(monkeypatch):
    """A server that records requests; it answers with the next of ``statuses``, then with 200."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            headers = [(name.lower(), value) for name, value in self.headers.items()]
            length = self.headers.get("content-length")
            body = self.rfile.read(int(length)) if length else read_chunks(self.rfile)
            server.sent.append((self.path, headers, body))
            status = server.statuses.pop(0) if server.statuses else 200
            if status is None:
                self.close_connection = True
                return
            document = b"" if status == 200 else b"<Error><Code>TheCode</Code></Error>"
            self.send_response(200 if status == LATE else status)
            self.send_header("Content-Length", str(len(document)))
            self.end_headers()
            self.wfile.write(document)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.sent, server.statuses = [], []
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    server.url = f"http://127.0.0.1:{server.server_port}"
    for name, value in {
        "AWS_ENDPOINT_URL": server.url,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "SECRETKEY",
        "AWS_SESSION_TOKEN": "session",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(module, "_PAUSE_S", 0.0)
    _forget()
    yield server
    _forget()
    server.shutdown()
    thread.join()
    server.server_close()


def read_chunks(file):
    body = b""
    while size := int(file.readline(), 16):
        body += file.read(size)
        file.readline()
    file.readline()
    return body


def stream(*pieces):
    return BodyStream(iter(pieces), lambda: None)


def test_it_is_signed_and_has_what_the_sdk_sends(s3):
    send_get_object_response("route", "token", HEADERS, b"hello")
    sdk = boto3.client(
        "s3",
        endpoint_url=s3.url,
        region_name="us-east-1",
        config=Config(inject_host_prefix=False, s3={"payload_signing_enabled": False}, proxies={}),
    )
    sdk.write_get_object_response(
        RequestRoute="route",
        RequestToken="token",
        StatusCode=200,
        ETag='"e"',
        LastModified="2015-01-01",
        Metadata={"a": "b"},
        Body=b"hello",
        ContentLength=5,
    )
    ours, theirs = s3.sent
    ignored = {"user-agent", "authorization", "x-amz-date", "accept-encoding"}
    compared = [
        (
            path,
            {(n, v) for n, v in headers if n not in ignored and not n.startswith("amz-sdk")},
            body,
        )
        for path, headers, body in (ours, theirs)
    ]
    assert compared[0] == compared[1]
    head = RequestHead("POST", ours[0], "", ours[1])
    verifier = Verifier({"test": "SECRETKEY"}.get, "us-east-1")
    assert verifier.verify(head, ("s3-object-lambda",), ours[2]) == "test"


def test_streams_are_sent_in_chunks_or_with_the_length_that_is_known(s3):
    send_get_object_response("route", "token", HEADERS, stream(b"he", b"", b"llo"))
    send_get_object_response("r", "t", {**HEADERS, "content-length": "5"}, stream(b"he", b"llo"))
    assert [body for _, _, body in s3.sent] == [b"hello", b"hello"]
    framing = [dict(headers).get("transfer-encoding") for _, headers, _ in s3.sent]
    assert framing == ["chunked", None]
    with pytest.raises(ReplyFailed, match="another length"):
        send_get_object_response("r", "t", {**HEADERS, "content-length": "9"}, stream(b"hello"))


@pytest.mark.parametrize("fault", [500, 503, LATE, None])
def test_a_fault_is_tried_again_at_most_twice(s3, fault):
    s3.statuses = [fault, fault]
    send_get_object_response("route", "token", HEADERS, b"hello")
    assert [body for _, _, body in s3.sent] == [b"hello"] * 3
    s3.statuses = [fault] * 3
    with pytest.raises(ReplyFailed):
        send_get_object_response("route", "token", HEADERS, b"hello")
    assert (len(s3.sent), s3.statuses) == (6, [])


def test_a_stream_and_a_refusal_are_not_tried_again(s3):
    s3.statuses = [503, 403]
    with pytest.raises(ReplyFailed, match="503 TheCode"):
        send_get_object_response("route", "token", HEADERS, stream(b"hello"))
    with pytest.raises(ReplyFailed, match="403 TheCode"):
        send_get_object_response("route", "token", HEADERS, b"hello")
    assert len(s3.sent) == 2


@pytest.mark.parametrize(
    "route", ["", "evil.example/", "a b", "a:1", "a@b", "..", "a\r\nb: c", "ü"]
)
def test_a_route_leads_to_no_other_host(s3, route):
    with pytest.raises(ReplyFailed, match="not a host's name"):
        send_get_object_response(route, "token", HEADERS, b"hello")
    assert s3.sent == []


def test_without_an_endpoint_it_goes_to_the_routes_host(s3, monkeypatch):
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3", raising=False)
    _forget()
    address, region = module.located("io-cell001")
    assert (address.scheme, address.host, address.port, region) == (
        *("https", "io-cell001.s3-object-lambda.us-east-1.amazonaws.com", 443, "us-east-1"),
    )
    assert address.target == "/WriteGetObjectResponse"
    assert address.port == http.client.HTTPS_PORT
