"""Mounts as buckets: what is asked of them, virtual hosts, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import boto3
import pytest
from botocore.config import Config

from preprocessing import Pipeline
from tests.photos import photo

from .running import Running, eventually, serving

SPEC = "resize:8,8/npy"


@pytest.fixture(scope="module")
def server(photographs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    here = tmp_path_factory.mktemp("server")
    (here / "jitprep.toml").write_text(
        f'domain = "Data.test"\nworkers = 1\n[mounts.photos]\nsource = "{photographs}"\n'
        f'pipeline = "{SPEC}"\nanonymous = true\n'
        f'[mounts.locked]\nsource = "{photographs}"\npipeline = "{SPEC}"\n'
        '[keys.k]\naccess_key_id = "env:ID"\nsecret_access_key = "env:SECRET"\nmounts = ["*"]\n'
    )
    with serving(here, "--config", here / "jitprep.toml", ID="key", SECRET="secret") as running:
        yield running


@pytest.fixture(scope="module")
def expected() -> bytes:
    return bytes(Pipeline.parse(SPEC).encode(photo("rocket")).body)


def test_a_mount_is_there_and_is_in_us_east_1(server):
    s3 = server.client()
    assert s3.head_bucket(Bucket="photos")["BucketRegion"] == "us-east-1"
    assert s3.get_bucket_location(Bucket="photos")["LocationConstraint"] is None
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["locked", "photos"]
    assert server.ask("/photos/", "HEAD").status == 200
    assert server.ask("/none", "HEAD").status == 403


@pytest.mark.parametrize("host", ["photos.data.test", "PHOTOS.Data.Test", "photos.data.test:8080"])
def test_a_virtual_host_is_a_mount(server, expected, host):
    assert server.ask("/rocket.jpg", headers={"Host": host}).body == expected
    assert b"<Key>rocket.jpg</Key>" in server.ask("/", headers={"Host": host}).body
    assert server.ask("/photos/rocket.jpg", headers={"Host": host}).error == (404, "NoSuchKey")


@pytest.mark.parametrize(
    "host", ["data.test", "data.test:80", "other.test", "xdata.test", "", "[::1]:80"]
)
def test_another_host_is_the_server(server, expected, host):
    assert server.ask("/photos/rocket.jpg", headers={"Host": host}).body == expected
    assert b"<ListAllMyBucketsResult" in server.ask("/", headers={"Host": host}).body


def test_health_is_asked_of_the_server_whatever_its_mounts(server):
    for path in ("/healthz", "/readyz"):
        assert (server.ask(path).status, server.ask(path).body) == (200, b"ok\n")
        assert (server.ask(path, "HEAD").status, server.ask(path, "HEAD").body) == (200, b"")


@pytest.mark.parametrize("mount", ["photos", "locked"])
def test_a_client_signs_for_virtual_hosts(server, expected, mount):
    """The server as the client's proxy, so that the name of the host need not resolve."""
    s3 = boto3.client(
        "s3",
        endpoint_url="http://data.test",
        region_name="us-east-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        config=Config(
            proxies={"http": server.url},
            s3={"addressing_style": "virtual"},
            retries={"total_max_attempts": 1},
        ),
    )
    assert s3.get_object(Bucket=mount, Key="rocket.jpg")["Body"].read() == expected
    listed = s3.list_objects_v2(Bucket=mount)
    assert [one["Key"] for one in listed["Contents"]] == ["chelsea.jpg", "coffee.jpg", "rocket.jpg"]


READS = ("/", "/photos", "/photos/", "/photos/rocket.jpg", "/healthz", "/readyz", "/metrics")
WRITES = (
    ("PUT", "/new-bucket"),
    ("PUT", "/photos/new.jpg"),
    ("PUT", "/photos/new.jpg?partNumber=1&uploadId=a"),
    ("PUT", "/photos/rocket.jpg?acl"),
    ("PUT", "/photos/rocket.jpg?tagging"),
    ("PUT", "/photos?policy"),
    ("POST", "/photos?delete"),
    ("POST", "/photos"),
    ("POST", "/photos/new.jpg?uploads"),
    ("POST", "/photos/new.jpg?uploadId=a"),
    ("POST", "/photos/rocket.jpg?restore"),
    ("POST", "/photos/rocket.jpg?select&select-type=2"),
    ("DELETE", "/photos"),
    ("DELETE", "/photos/rocket.jpg"),
    ("DELETE", "/photos/rocket.jpg?uploadId=a"),
)


@pytest.mark.parametrize(
    ("method", "target"),
    [
        *WRITES,
        *(
            (method, path)
            for path in READS
            for method in ("PUT", "POST", "DELETE", "PATCH", "OPTIONS")
        ),
    ],
)
def test_what_writes_is_not_allowed(server, photographs, method, target):
    before = sorted((path.name, path.stat().st_size) for path in photographs.iterdir())
    for name in ("photos", "locked"):
        answer = server.ask(target.replace("photos", name), method, body=b"x" * 3)
        assert answer.error == (405, "MethodNotAllowed")
        assert answer.headers["allow"] == "GET, HEAD"
    assert sorted((path.name, path.stat().st_size) for path in photographs.iterdir()) == before


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_a_batch_is_posted(server, method):
    answer = server.ask("/_batch/photos", method)
    assert (answer.status, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_a_webhook_is_posted_or_probed(server, method):
    answer = server.ask("/_object-lambda/photos", method)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, POST")


@pytest.mark.parametrize(
    "query", ["acl", "tagging", "torrent", "attributes", "retention", "sed=1", "uploadId=a"]
)
def test_what_an_object_has_not_is_not_implemented(server, query):
    for method in ("GET", "HEAD"):
        assert server.ask(f"/photos/rocket.jpg?{query}", method).status == 501
    assert server.ask(f"/photos/rocket.jpg?{query}").error == (501, "NotImplemented")


@pytest.mark.parametrize(
    "query",
    ["acl", "policy", "versioning", "uploads", "versions", "cors", "lifecycle"],
)
def test_what_a_mount_has_not_is_not_implemented(server, query):
    assert server.ask(f"/photos?{query}").error == (501, "NotImplemented")


def test_an_owner_is_not_compared_and_so_refused(server):
    headers = {"x-amz-expected-bucket-owner": "123456789012"}
    for path in ("/photos", "/photos/rocket.jpg"):
        assert server.ask(path, headers=headers).error == (501, "NotImplemented")
        assert server.ask(path, headers={"x-amz-expected-bucket-owner": "me"}).error == (
            400,
            "InvalidArgument",
        )


def test_errors_have_the_id_that_the_log_has(server):
    answer = server.ask("/photos/none")
    request_id = answer.headers["x-amz-request-id"]
    assert f"<RequestId>{request_id}</RequestId>".encode() in answer.body
    eventually(lambda: request_id in server.log_file.read_text())


def test_a_trace_is_continued(server):
    trace = "0af7651916cd43dd8448eb211c80319c"
    parent = f"00-{trace}-b7ad6b7169203331-01"
    answer = server.ask("/photos/rocket.jpg", headers={"traceparent": parent})
    assert answer.headers["traceparent"] == parent
    eventually(lambda: f'"traceId":"{trace}"' in server.log_file.read_text())


def test_a_folder_is_served_whatever_its_files_are_named(photographs, tmp_path):
    folder = tmp_path / "odd"
    folder.mkdir()
    names = ("\x01.jpg", "a\nb.jpg", "c\x7f.jpg", "d \u00fc+%.jpg")
    for name in names:
        (folder / name).write_bytes((photographs / "rocket.jpg").read_bytes())
    with serving(tmp_path, folder, "--pipeline", "resize:8,8/npy") as server:
        listed = ET.fromstring(server.ask("/odd?list-type=2&encoding-type=url").body)
        keys = [key.text or "" for key in listed.iter() if key.tag.endswith("}Key")]
        assert sorted(map(unquote, keys)) == sorted(names)
        assert f"/odd/{keys[0]}\n" in server.errors_file.read_text()  # the line to try
        for key in keys:
            assert server.ask(f"/odd/{key}").status == 200
