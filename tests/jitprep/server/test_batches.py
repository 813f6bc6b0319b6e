"""Batches: each frame is what a GET answers, in the order of the keys, failures in their places."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from preprocessing import Pipeline

from .running import Answer, Running, eventually, serving

SPEC = "random_resized_crop:8/npy"
MANY = 3_000


@pytest.fixture(scope="module")
def folder(photographs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("originals")
    for path in photographs.iterdir():
        (made / path.name).write_bytes(path.read_bytes())
    tiny = Pipeline.parse("resize:12,12/jpeg").encode((photographs / "rocket.jpg").read_bytes())
    (made / "tiny.jpg").write_bytes(tiny.body)
    (made / "ü b+c.jpg").write_bytes(tiny.body)
    (made / "empty.jpg").write_bytes(b"")
    (made / "none.pdf").write_bytes(b"%PDF-1.7 of no kind")
    return made


@pytest.fixture(scope="module")
def server(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    here = tmp_path_factory.mktemp("server")
    mounts = {
        "drawn": 'anonymous = true\noverrides = ["seed", "pipeline"]',
        "plain": "anonymous = true",
        "locked": "",
    }
    (here / "jitprep.toml").write_text(
        "workers = 1\n"
        + "".join(
            f'[mounts.{name}]\nsource = "{folder}"\npipeline = "{SPEC}"\n{more}\n'
            for name, more in mounts.items()
        )
        + '[keys.k]\naccess_key_id = "env:ID"\nsecret_access_key = "env:SECRET"\nmounts = ["*"]\n'
    )
    with serving(here, "--config", here / "jitprep.toml", ID="key", SECRET="secret") as running:
        yield running


def ask(server: Running, mount: str, **asked: Any) -> Answer:
    return server.ask(f"/_batch/{mount}", "POST", body=json.dumps(asked).encode())


def frames(answer: Answer) -> tuple[list[tuple[dict[str, Any], bytes]], dict[str, int]]:
    """Return the frames of a batch, and its last line."""
    assert (answer.status, answer.headers["content-type"]) == (200, "application/vnd.jitprep.batch")
    found, rest = [], answer.body
    while True:
        text, _, rest = rest.partition(b"\n")
        line = json.loads(text)
        if "rows" in line:
            assert rest == b""
            return found, line
        found.append((line, rest[: line["bytes"]]))
        rest = rest[line["bytes"] :]


def test_frames_are_what_gets_answer_in_order_with_failures_in_their_places(server):
    keys = [
        *("rocket.jpg", "none", "tiny.jpg", "empty.jpg", "coffee.jpg", "rocket.jpg", "none.pdf"),
        *("ü b+c.jpg", "a//b", "../up.jpg", "control\x01.jpg", "chelsea.jpg", "tiny.jpg"),
    ]
    found, end = frames(ask(server, "drawn", keys=keys, seed=7))
    assert [line["key"] for line, _ in found] == keys
    for line, body in found:
        path = f"/drawn/{quote(line['key'], safe='')}?seed=7"
        got = server.ask(path, headers={"x-amz-checksum-mode": "ENABLED"})
        assert line["statusCode"] == got.status
        if got.status == 200:
            assert body == got.body
            assert tuple(
                line[name] for name in ("etag", "contentType", "crc32", "fingerprint")
            ) == (
                got.headers["etag"],
                got.headers["content-type"],
                got.headers["x-amz-checksum-crc32"],
                got.headers["x-amz-meta-jitprep-fingerprint"],
            )
        else:
            assert (line["statusCode"], line["errorCode"]) == got.error
            assert line["errorMessage"].encode() and body == b""
    failed = sum(line["statusCode"] != 200 for line, _ in found)
    assert end == {"rows": len(keys) - failed, "failed": failed}
    assert failed == 6


def test_three_thousand_keys_are_one_answer(server):
    keys = ["tiny.jpg" if number % 100 else "none" for number in range(MANY)]
    found, end = frames(ask(server, "plain", keys=keys))
    assert [line["key"] for line, _ in found] == keys
    assert end == {"rows": MANY - MANY // 100, "failed": MANY // 100}
    whole = server.ask("/plain/tiny.jpg").body
    assert {body for line, body in found if line["key"] == "tiny.jpg"} == {whole}


def test_one_key_is_a_batch_and_a_failed_one_too(server):
    for key, rows in (("tiny.jpg", 1), ("none", 0)):
        assert frames(ask(server, "plain", keys=[key]))[1] == {"rows": rows, "failed": 1 - rows}


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"\xff", b"{", b"[]", b"3", b"null", b'"keys"', b"{}", b"[" * 10_000),
        *(b'{"keys": []}', b'{"keys": "a"}', b'{"keys": {"a": 1}}', b'{"keys": [1]}'),
        *(b'{"keys": [""]}', b'{"keys": ["a", null]}', b'{"keys": ["\\ud800"]}'),
        *(b'{"keys": ["a"], "sed": 1}', b'{"Keys": ["a"]}', b'{"keys": [["a"]]}'),
    ],
)
def test_a_body_that_asks_for_nothing_is_refused(server, body):
    answer = server.ask("/_batch/drawn", "POST", body=body)
    assert answer.error == (400, "InvalidRequest")
    assert b'{"keys": ["a.jpg", "b.jpg"], "seed": 0}' in answer.body.replace(b"&quot;", b'"')


def test_a_body_may_have_eight_mebibytes(server):
    asked = json.dumps({"keys": ["none"]}).encode()
    largest = asked + b" " * (8 * 2**20 - len(asked))
    assert server.ask("/_batch/plain", "POST", body=largest).status == 200
    assert server.ask("/_batch/plain", "POST", body=largest + b" ").error == (
        400,
        "EntityTooLarge",
    )


@pytest.mark.parametrize("seed", [-1, 2**63, "a", 1.5, None, True, [1]])
def test_a_seed_is_a_whole_number(server, seed):
    assert ask(server, "drawn", keys=["tiny.jpg"], seed=seed).error == (400, "InvalidSeed")


def test_overrides_are_for_the_mounts_that_allow_them(server):
    """Refused as a whole, before any object is read."""
    for name, value in (("seed", 1), ("pipeline", "grayscale-224")):
        answer = ask(server, "plain", keys=["tiny.jpg"], **{name: value})
        assert answer.error == (400, "OverrideNotAllowed")
        assert frames(ask(server, "drawn", keys=["tiny.jpg"], **{name: value}))[1]["rows"] == 1
    assert ask(server, "drawn", keys=["tiny.jpg"], pipeline="no").error == (400, "UnknownPipeline")


def test_a_chosen_pipeline_is_that_of_a_get(server):
    ((line, body),) = frames(ask(server, "drawn", keys=["coffee.jpg"], pipeline="grayscale-224"))[0]
    got = server.ask("/drawn/coffee.jpg?pipeline=grayscale-224")
    assert (line["etag"], body) == (got.headers["etag"], got.body)


def signed(
    server: Running, mount: str, body: bytes, sent: bytes | None = None, **headers: str
) -> Answer:
    request = AWSRequest("POST", f"{server.url}/_batch/{mount}", data=body, headers=headers)
    S3SigV4Auth(Credentials("key", "secret"), "s3", "us-east-1").add_auth(request)
    given = {name: value for name, value in request.headers.items() if name != "Content-Length"}
    return server.ask(f"/_batch/{mount}", "POST", given, body if sent is None else sent)


def test_a_batch_is_signed_with_its_body(server):
    body = json.dumps({"keys": ["tiny.jpg"]}).encode()
    assert frames(signed(server, "locked", body))[1] == {"rows": 1, "failed": 0}
    other = json.dumps({"keys": ["coffee.jpg"]}).encode()
    assert signed(server, "locked", body, other).error == (400, "XAmzContentSHA256Mismatch")
    assert signed(server, "none", body).error == (404, "NoSuchBucket")
    assert server.ask("/_batch/locked", "POST", body=body).error == (403, "AccessDenied")
    assert server.ask("/_batch/none", "POST", body=body).error == (403, "AccessDenied")


def next_batch(server: Running, size: int) -> dict[str, Any] | None:
    """Return the first line of a batch of the mount ``plain`` in the log beyond `size` bytes."""
    with server.log_file.open() as log:
        log.seek(size)
        lines = [json.loads(line) for line in log if line.endswith("\n")]
    wanted = {"door": "batch", "mount": "plain"}.items()
    return next((line for line in lines if wanted <= line.items()), None)


def test_a_batch_is_one_line_of_the_log_and_counted(server):
    size = server.log_file.stat().st_size
    before = server.metric("jitprep_rows_total", mount="plain", outcome="done")
    frames(ask(server, "plain", keys=["tiny.jpg", "none", "tiny.jpg"]))
    line = eventually(lambda: next_batch(server, size))
    assert (line["mount"], line["status"], line["rows"], line["failed"]) == ("plain", 200, 2, 1)
    eventually(
        lambda: server.metric("jitprep_rows_total", mount="plain", outcome="done") == before + 2
    )


def test_a_client_that_leaves_midway_stops_the_work(server):
    size = server.log_file.stat().st_size
    body = json.dumps({"keys": ["coffee.jpg"] * MANY}).encode()
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(
            b"POST /_batch/plain HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body)
        )
        client.sendall(body)
        client.recv(1000)

    line = eventually(lambda: next_batch(server, size))
    assert line["status"] == 499
    assert line.get("bytesOut", 0) < MANY * 100
    own = 1  # the request for the metrics is under way itself
    eventually(lambda: server.metric("jitprep_requests_under_way") == own)
    assert '"level":"ERROR"' not in server.log_file.read_text()[size:]
