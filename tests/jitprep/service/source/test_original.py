"""Reads of the original are retried within the deadline, and verified."""

from __future__ import annotations

import base64
import gzip
import hashlib
import socket
import time
import zlib

import pytest

from jitprep.service.config import config
from jitprep.service.deadline import Deadline
from jitprep.service.errors import RequestFailed
from jitprep.service.messages import Presigned
from jitprep.service.source import opening
from preprocessing import CorruptSource, UnsupportedSource

from ....scripted_s3 import Answer, ScriptedS3

BODY = bytes(range(256)) * 4096
FAULTS = {
    "slow down": Answer(503, body=b"<Error><Code>SlowDown</Code></Error>"),
    "internal error": Answer(500),
    "cut off": Answer(body=BODY[:1000], claimed_length=len(BODY)),
    # http.client takes what came of the headers for all, and no length for no bytes.
    "headers cut off": Answer(cut_in_headers=True),
    "reset": Answer(body=BODY[:1000], claimed_length=len(BODY), reset=True),
    "other bytes": Answer(
        body=BODY[:-1] + b"!",
        headers={"x-amz-checksum-crc32": base64.b64encode(zlib.crc32(BODY).to_bytes(4, "big")).decode()},
    ),
    "other bytes, sha256": Answer(
        body=BODY[:-1] + b"!",
        headers={"x-amz-checksum-sha256": base64.b64encode(hashlib.sha256(BODY).digest()).decode()},
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    return pauses


def read(s3: ScriptedS3, seconds: float = 60) -> bytes:
    origin = Presigned(f"{s3.url}/photos/a")
    with opening.open_original(origin, Deadline(time.monotonic() + seconds)) as opened:
        return opened.read(2**30)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("times", [1, 4])
def test_a_fault_that_passes_is_not_noticed(s3, fault, times):
    s3.answer.body = BODY
    s3.script = [FAULTS[fault]] * times
    assert read(s3) == BODY
    assert len(s3.gets) == times + 1


@pytest.mark.parametrize("fault", FAULTS)
def test_a_permanent_fault_is_reported_after_five_tries(s3, fault, no_pauses):
    s3.answer = FAULTS[fault]
    with pytest.raises(RequestFailed) as caught:
        read(s3)
    assert caught.value.code in {"SlowDown", "SourceUnavailable", "SourceRefused"}
    assert len(s3.gets) == 5
    backoff = [pause for pause in no_pauses if pause]
    assert len(backoff) == 4
    assert sum(backoff) <= 1.5


def test_no_pause_outlasts_the_deadline(s3, no_pauses, monkeypatch):
    monkeypatch.setattr("jitprep.service.source.original._PAUSE_S", 60)
    s3.answer = FAULTS["slow down"]
    with pytest.raises(RequestFailed) as caught:
        read(s3, seconds=20)  # a busy machine may take long for the answer
    assert caught.value.code == "SlowDown"
    assert [pause for pause in no_pauses if pause] == []


def test_a_try_that_lasts_until_the_deadline_is_out_of_time(s3, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        config.cache_clear()
        with pytest.raises(RequestFailed) as caught:
            read(s3, seconds=0.1)
    assert (caught.value.status, caught.value.code) == (503, "DeadlineExceeded")


def test_what_will_not_pass_is_not_tried_again(s3):
    s3.answer = Answer(404)
    with pytest.raises(RequestFailed):
        read(s3)
    assert len(s3.gets) == 1


def test_two_versions_are_never_mixed(s3):
    s3.script = [Answer(body=BODY[:9], claimed_length=99), Answer(headers={"ETag": '"new"'})]
    with pytest.raises(RequestFailed) as caught:
        read(s3)
    assert (caught.value.code, caught.value.status) == ("SourceUnavailable", 503)
    assert "replaced" in caught.value.message


def test_checksums_of_parts_and_of_unknown_kinds_say_nothing(s3):
    s3.answer = Answer(
        body=BODY,
        headers={"x-amz-checksum-crc32": "AAAAAA==-3", "x-amz-checksum-crc64nvme": "AAAAAAAAAAA="},
    )
    assert read(s3) == BODY


def test_a_head_is_tried_again_too(s3):
    s3.script = [Answer(503), Answer(500), Answer(cut_in_headers=True)]
    s3.answer = Answer(claimed_length=77)
    object_head = opening.head_original(Presigned(f"{s3.url}/photos/a"), Deadline.of(60_000))
    assert (object_head.length, len(s3.targets)) == (77, 4)


def test_a_checksum_is_of_what_is_sent_also_under_a_content_encoding(s3):
    stored = gzip.compress(BODY)
    checksum = base64.b64encode(zlib.crc32(stored).to_bytes(4, "big")).decode()
    headers = {"Content-Encoding": "gzip", "x-amz-checksum-crc32": checksum}
    s3.script = [Answer(body=stored[:-1] + b"!", headers=headers)]
    s3.answer = Answer(body=stored, headers=headers)
    assert read(s3) == BODY
    assert len(s3.gets) == 2


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_wrong_content_encoding_is_reported_at_once(s3, coding):
    s3.answer = Answer(body=BODY, headers={"Content-Encoding": coding})
    with pytest.raises((CorruptSource, UnsupportedSource), match=coding):
        read(s3)
    assert len(s3.gets) == 1


def test_what_could_not_be_read_is_named_without_what_was_signed(s3):
    s3.answer = FAULTS["other bytes"]
    with pytest.raises(RequestFailed) as caught:
        read(s3)
    place = s3.url.removeprefix("http://")
    assert f"S3 at {place} could not be read (its bytes do not match its" in str(caught.value)


@pytest.mark.parametrize("endpoint", ["", "ftp://a", "127.0.0.1:9000", "http://a:99999"])
def test_an_endpoint_that_is_none_leads_nowhere_else(s3, monkeypatch, endpoint):
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    config.cache_clear()
    origin = Presigned(f"{s3.url}/photos/a")
    with pytest.raises((ValueError, RequestFailed)):
        opening.head_original(origin, Deadline.of(60_000))
    assert s3.targets == []
