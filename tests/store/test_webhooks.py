"""Object lambdas of stores: stand-ins that call the server as MinIO and RustFS do, on real objects.

Both take a read of their own client, presign the object, POST the call, and pass on what comes back.
What they send and read is from MinIO's last community sources and RustFS's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any
from xml.etree import ElementTree

import pytest

from preprocessing import Pipeline
from tests.jitprep.server.running import Running
from tests.photos import photo

from .conftest import Store
from .mounts import SIGNED, mounted

SPEC = "random_resized_crop:32/npy"
TOKEN = 'webhook_token = "env:WEBHOOK_TOKEN"\n'
ROUTE, PROOF = "route-7", "token-8"
HOUR = 3600


@dataclass(frozen=True)
class Passed:
    """What the store's client gets."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    code: str | None = None


@dataclass(frozen=True)
class StandIn:
    """A store that calls the server for a read."""

    store: Store
    server: Running
    bucket: str

    def call(self, mount: str, key: str, headers: Mapping[str, Any], **changed: str) -> Passed:
        """POST the call, and return the answer as it came."""
        url = changed.get("url") or self.store.client().generate_presigned_url(
            "get_object", {"Bucket": changed.get("bucket", self.bucket), "Key": key}, HOUR
        )
        event = {
            "protocolVersion": "v1",
            "getObjectContext": {
                "inputS3Url": url, "outputRoute": ROUTE, "outputToken": PROOF,
            },
            "userIdentity": {"type": "IAMUser", "accessKeyId": "somebody"},
            "userRequest": {
                "url": f"/{self.bucket}/{key}{changed.get('query', '')}", "headers": headers,
            },
        }  # fmt: skip
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        sent = {"Content-Type": "application/json"}
        if token := changed.get("token", "of-the-store"):
            sent["Authorization"] = f"Bearer {token}"
        connection.request("POST", f"/_object-lambda/{mount}", json.dumps(event), sent)
        answer = connection.getresponse()
        named = {name.lower(): value for name, value in answer.getheaders()}
        passed = Passed(answer.status, named, answer.read())
        connection.close()
        return passed

    def minio(self, mount: str, key: str, *, ask: Mapping[str, str] = {}, **changed: str) -> Passed:
        """Read as a client of MinIO: values of headers are lists, and only x-amz-fwd- is passed on."""
        lists = {"User-Agent": ["a client"], **{name: [value] for name, value in ask.items()}}
        answer = self.call(mount, key, lists, **changed)
        if answer.status != 200:
            return answer
        assert answer.headers["x-amz-request-route"] == ROUTE
        assert answer.headers["x-amz-request-token"] == PROOF
        prefix = "x-amz-fwd-header-"
        passed = {
            name.removeprefix(prefix): value
            for name, value in answer.headers.items()
            if name.startswith(prefix)
        }
        status = int(answer.headers["x-amz-fwd-status"])
        return Passed(status, passed, answer.body, answer.headers.get("x-amz-fwd-error-code"))

    def rustfs(
        self, mount: str, key: str, *, ask: Mapping[str, str] = {}, **changed: str
    ) -> Passed:
        """Read as a client of RustFS: values of headers are strings, and the answer is passed on."""
        answer = self.call(mount, key, {"user-agent": "a client", **ask}, **changed)
        assert not 300 <= answer.status < 400 or answer.status == 304  # it follows no redirect
        if answer.status < 300:
            assert answer.headers["x-amz-request-token"] == PROOF
        code = None
        if answer.status >= 400:
            code = ElementTree.fromstring(answer.body).findtext("Code")
        return Passed(answer.status, answer.headers, answer.body, code)


@pytest.fixture(scope="module")
def stand_in(
    store: Store, s3: Any, make_bucket: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StandIn]:
    bucket, other = make_bucket("hooked"), make_bucket("beside")
    for name in (bucket, other):
        s3.put_object(Bucket=name, Key="a b.jpg", Body=photo("rocket"))
    s3.put_object(Bucket=bucket, Key="words.jpg", Body=b"not a photograph")
    s3.put_object(Bucket=bucket, Key="in/ü.jpg", Body=photo("coffee"))
    sources = {
        "photos": (f"s3://{bucket}", SIGNED + TOKEN),
        "below": (f"s3://{bucket}/in", SIGNED + TOKEN),
        "open": (f"s3://{bucket}", SIGNED),
    }
    with mounted(tmp_path_factory.mktemp("hooks"), store, sources, SPEC) as server:
        yield StandIn(store, server, bucket)


Dialect = Callable[..., Passed]


@pytest.fixture(params=["minio", "rustfs"])
def read(request: pytest.FixtureRequest, stand_in: StandIn) -> Dialect:
    return getattr(stand_in, request.param)


def test_a_read_is_what_a_get_of_the_mount_is(read, stand_in):
    for mount, key, own in (
        ("photos", "a b.jpg", "a%20b.jpg"),
        ("below", "in/ü.jpg", "%C3%BC.jpg"),
    ):
        direct = stand_in.server.ask(f"/{mount}/{own}")
        passed = read(mount, key)
        assert (passed.status, passed.body) == (200, direct.body)
        for name in ("etag", "content-type", "x-amz-meta-jitprep-shape"):
            assert passed.headers[name] == direct.headers[name]


def test_the_clients_seed_range_and_conditions_count(read, stand_in):
    whole = stand_in.server.ask("/photos/a%20b.jpg?seed=3").body
    assert read("photos", "a b.jpg", query="?seed=3").body == whole
    part = read("photos", "a b.jpg", ask={"x-jitprep-seed": "3", "Range": "bytes=5-20"})
    assert (part.status, part.body) == (206, whole[5:21])
    assert part.headers["content-range"] == f"bytes 5-20/{len(whole)}"
    etag = read("photos", "a b.jpg").headers["etag"]
    assert read("photos", "a b.jpg", ask={"If-None-Match": etag}).status == 304


def test_errors_reach_the_client_with_their_status_and_code(read):
    assert read("photos", "missing.jpg").code == "NoSuchKey"
    assert read("photos", "missing.jpg").status == 404
    words = read("photos", "words.jpg")
    assert (words.status, words.code) == (400, "UnknownFormat")
    assert read("photos", "a b.jpg", query="?seed=-1").code == "InvalidSeed"
    assert read("photos", "a b.jpg", query="?pipeline=embed").code == "OverrideNotAllowed"


def test_an_object_of_another_bucket_or_prefix_is_refused(read, make_bucket):
    for mount, bucket, key in (
        ("photos", make_bucket("beside"), "a b.jpg"),
        ("below", None, "a b.jpg"),
    ):
        changed = {} if bucket is None else {"bucket": bucket}
        assert read(mount, key, **changed).status == 403


def test_another_host_is_refused_and_never_asked(read):
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as elsewhere:
        Thread(target=elsewhere.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{elsewhere.server_port}"
        for target in (
            f"{url}/photos/a.jpg",
            "http://169.254.169.254/latest",
            "file:///etc/passwd",
        ):
            assert read("photos", "a b.jpg", url=target).status == 403
        elsewhere.shutdown()
    assert asked == []


def test_the_token_of_the_mount_is_required(read):
    for token in ("", "wrong"):
        assert read("photos", "a b.jpg", token=token).status == 403
    assert read("open", "a b.jpg", token="").status == 200


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_a_probe_is_answered(stand_in, method):
    connection = HTTPConnection("127.0.0.1", stand_in.server.port, timeout=60)
    connection.request(method, "/_object-lambda/open")
    assert connection.getresponse().status == 200
    connection.close()


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"getObjectContext": {}}', b"words"])
def test_other_calls_are_refused(stand_in, body):
    connection = HTTPConnection("127.0.0.1", stand_in.server.port, timeout=60)
    connection.request("POST", "/_object-lambda/open", body)
    answer = connection.getresponse()
    assert answer.status == (200 if not body else 400)
    connection.close()


def test_nothing_of_the_call_is_in_the_log(stand_in, read):
    read("photos", "a b.jpg")
    text = stand_in.server.log_file.read_text()
    for secret in (PROOF, "X-Amz-Signature", "of-the-store"):
        assert secret not in text


def test_the_body_is_the_pipelines_own(read, stand_in):
    body = read("open", "a b.jpg").body
    assert len(body) == len(Pipeline.parse(SPEC).encode(photo("rocket")).body)
