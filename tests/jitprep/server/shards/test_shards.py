"""Shards that a server transforms: streamed from the first sample on, in parts, cut where they fail."""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from preprocessing import Seed, ShardPipeline
from tests.photos import photo
from tests.preprocessing.shards.archives import shard, unpacked

from ..running import Running, eventually, serving

SPECS = {
    "fixed": "tar/resize:40/center_crop:32/npy",
    "drawn": "tar/random_resized_crop:32/npy",
    "skips": "tar:on_bad=skip/resize:40/center_crop:32/npy",
    "single": "resize:40/center_crop:32/npy",
}
COUNT = 30


def samples(count: int) -> dict[str, bytes]:
    names = ("rocket", "coffee", "chelsea")
    found = {}
    for number in range(count):
        found[f"{number:04d}.jpg"] = photo(names[number % 3])
        found[f"{number:04d}.cls"] = str(number).encode()
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("shards")
    (made / "train.tar").write_bytes(shard(samples(COUNT)))
    bad = {**samples(COUNT), "0007.jpg": photo("coffee")[:5000]}
    (made / "bad.tar").write_bytes(shard(bad))
    (made / "first.tar").write_bytes(shard({"a.jpg": b"\xff\xd8\xff", **samples(2)}))
    (made / "photo.jpg").write_bytes(photo("rocket"))
    return made


@pytest.fixture(scope="module")
def server(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    here = tmp_path_factory.mktemp("server")
    (here / "jitprep.toml").write_text(
        "workers = 1\n"
        + "".join(
            f'[mounts.{name}]\nsource = "{folder}"\npipeline = "{spec}"\nanonymous = true\n'
            'overrides = ["seed"]\n'
            for name, spec in SPECS.items()
        )
    )
    with serving(here, "--config", here / "jitprep.toml") as running:
        yield running


def expected(folder: Path, mount: str, name: str, seed: Seed) -> bytes:
    return b"".join(ShardPipeline.parse(SPECS[mount]).encode(folder / name, seed=seed))


def test_an_archive_is_what_the_library_makes_of_the_file(server: Running, folder: Path) -> None:
    answer = server.ask("/fixed/train.tar")
    assert answer.status == 200
    assert answer.headers["transfer-encoding"] == "chunked"
    assert answer.headers["content-type"] == "application/x-tar"
    assert answer.headers["x-amz-meta-jitprep-pipeline"] == SPECS["fixed"]
    assert answer.body == expected(folder, "fixed", "train.tar", Seed())


def test_draws_depend_on_the_seed_and_the_bytes(server: Running, folder: Path) -> None:
    bodies = []
    for number in (0, 1):
        answer = server.ask(f"/drawn/train.tar?seed={number}")
        assert answer.body == expected(folder, "drawn", "train.tar", Seed(number))
        bodies.append(answer)
    assert bodies[0].headers["etag"] != bodies[1].headers["etag"]
    assert bodies[0].body != bodies[1].body


def test_the_first_sample_leaves_before_the_source_has_come(folder: Path, tmp_path: Path) -> None:
    """The source is a web server that sends half of the shard and then waits for the test."""
    import threading
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    archive, gate = (folder / "train.tar").read_bytes(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(archive)))
            self.send_header("ETag", '"shard"')
            self.send_header("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT")
            self.end_headers()
            self.wfile.write(archive[: len(archive) // 2])
            self.wfile.flush()
            gate.wait(60)
            self.wfile.write(archive[len(archive) // 2 :])

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=web.serve_forever)
    thread.start()
    try:
        (tmp_path / "jitprep.toml").write_text(
            f'workers = 1\n[mounts.web]\nsource = "http://127.0.0.1:{web.server_port}"\n'
            f'pipeline = "{SPECS["fixed"]}"\nanonymous = true\n'
        )
        with serving(tmp_path, "--config", tmp_path / "jitprep.toml") as running:
            connection = running.connection()
            connection.request("GET", "/web/train.tar")
            response = connection.getresponse()
            first = response.read(1024)
            assert first.startswith(b"0000.npy")
            gate.set()
            whole = first + response.read()
            connection.close()
        assert [name for name, _ in unpacked(whole)] == [
            name.replace("jpg", "npy") for name in samples(COUNT)
        ]
    finally:
        gate.set()
        web.shutdown()
        web.server_close()
        thread.join()


def test_what_fails_in_the_middle_is_cut_off(server: Running) -> None:
    connection = server.connection()
    connection.request("GET", "/fixed/bad.tar")
    response = connection.getresponse()
    assert response.status == 200
    with pytest.raises(http.client.IncompleteRead):
        response.read()
    connection.close()

    def logged() -> Any:
        lines = [json.loads(line) for line in server.log_file.read_text().splitlines()]
        return next((line for line in lines if line.get("key") == "bad.tar"), None)

    line = eventually(logged)
    assert line["error"] == "CorruptObject"
    assert "member '0007.jpg' of the shard" in line["message"]
    assert server.ask("/fixed/train.tar").status == 200


def test_what_fails_at_the_beginning_has_a_status(server: Running) -> None:
    assert server.ask("/fixed/first.tar").error == (400, "CorruptObject")
    assert server.ask("/fixed/photo.jpg").error == (400, "UnknownFormat")
    assert server.ask("/single/train.tar").error == (400, "UnknownFormat")
    assert server.ask("/fixed/missing.tar").error == (404, "NoSuchKey")


def test_bad_samples_may_be_skipped(server: Running) -> None:
    made = unpacked(server.ask("/skips/bad.tar").body)
    assert "0007.npy" not in dict(made)
    assert "0007.cls" not in dict(made)
    assert json.loads(dict(made)["__jitprep__/skipped.json"])["skipped"] == 1
    assert len(made) == 2 * COUNT - 2 + 1


def test_heads_and_parts(server: Running, folder: Path) -> None:
    whole = expected(folder, "fixed", "train.tar", Seed())
    s3 = server.client()
    head = s3.head_object(Bucket="fixed", Key="train.tar")
    assert head["ContentLength"] == len(whole)
    last = len(whole) - 1
    for given, part in {
        "bytes=0-99": whole[:100],
        "bytes=5000-70000": whole[5000:70001],
        "bytes=-700": whole[-700:],
        f"bytes={last}-": whole[last:],
    }.items():
        got = s3.get_object(Bucket="fixed", Key="train.tar", Range=given)
        assert got["Body"].read() == part
        assert got["ETag"] == head["ETag"]
        assert got["ContentRange"].endswith(f"/{len(whole)}")
    with pytest.raises(ClientError, match="InvalidRange"):
        s3.get_object(Bucket="fixed", Key="train.tar", Range=f"bytes={len(whole)}-")


def test_conditions(server: Running) -> None:
    s3 = server.client()
    etag = s3.head_object(Bucket="fixed", Key="train.tar")["ETag"]
    assert server.ask("/fixed/train.tar", headers={"If-None-Match": etag}).status == 304
    assert (
        server.ask("/fixed/train.tar", headers={"If-Match": '"x"'}).error[1] == "PreconditionFailed"
    )


def test_a_batch_takes_no_shards(server: Running) -> None:
    body = json.dumps({"keys": ["train.tar"]}).encode()
    assert server.ask("/_batch/fixed", "POST", body=body).error == (400, "InvalidPipeline")


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_and_tar(server: Running, tmp_path: Path) -> None:
    """What people do in a shell: no file is written in between, and a cut archive is an error."""
    command = f"set -o pipefail; curl -sSf {server.url}/fixed/train.tar | tar -x -C {tmp_path}"
    subprocess.run(["bash", "-c", command], check=True)
    assert len(list(tmp_path.iterdir())) == 2 * COUNT
    command = f"set -o pipefail; curl -sSf {server.url}/fixed/bad.tar | tar -t > /dev/null"
    assert subprocess.run(["bash", "-c", command], check=False, capture_output=True).returncode


def test_a_client_that_leaves_frees_the_server(server: Running) -> None:
    for _ in range(5):
        connection = server.connection()
        connection.request("GET", "/fixed/train.tar")
        connection.getresponse().read(100)
        connection.sock.close()
    assert server.ask("/fixed/train.tar").status == 200


def test_a_slow_client_is_waited_for(folder: Path, tmp_path: Path) -> None:
    """The time in which the client reads is not counted: the timeout is for each sample."""
    (tmp_path / "jitprep.toml").write_text(
        f'workers = 1\n[mounts.fixed]\nsource = "{folder}"\npipeline = "tar/resize:300,300/npy"\n'
        "anonymous = true\ntimeout = 1\n"
    )
    with serving(tmp_path, "--config", tmp_path / "jitprep.toml") as running:
        connection = running.connection()
        connection.request("GET", "/fixed/train.tar")
        response = connection.getresponse()
        first = response.read(1000)
        time.sleep(2.5)
        whole = first + response.read()
        connection.close()
    assert len(unpacked(whole)) == 2 * COUNT


def test_http_1_0_has_no_chunks(server: Running, folder: Path) -> None:
    """It would take the sizes of the chunks for content. A part has a length."""
    connection = server.connection()
    connection._http_vsn, connection._http_vsn_str = 10, "HTTP/1.0"
    connection.request("GET", "/fixed/train.tar")
    assert b"HTTP/1.1" in connection.getresponse().read()
    connection.close()
    connection = server.connection()
    connection._http_vsn, connection._http_vsn_str = 10, "HTTP/1.0"
    connection.request("GET", "/fixed/train.tar", headers={"Range": "bytes=600-700"})
    whole = expected(folder, "fixed", "train.tar", Seed())
    assert connection.getresponse().read() == whole[600:701]
    connection.close()


def test_as_many_streams_as_may_wait(folder: Path, tmp_path: Path) -> None:
    """Clients that stop reading hold their sources. Others are asked to come back later."""
    (tmp_path / "jitprep.toml").write_text(
        f'workers = 1\nqueue = 2\n[mounts.large]\nsource = "{folder}"\n'
        'pipeline = "tar/resize:400,400/normalize:imagenet/npy"\nanonymous = true\n'
    )
    with serving(tmp_path, "--config", tmp_path / "jitprep.toml") as running:
        stalled = [running.connection() for _ in range(2)]
        for connection in stalled:
            connection.request("GET", "/large/train.tar")
            assert connection.getresponse().status == 200
        assert running.ask("/large/train.tar").error == (503, "SlowDown")
        for connection in stalled:
            connection.close()
        assert eventually(lambda: running.ask("/large/train.tar").status == 200)
