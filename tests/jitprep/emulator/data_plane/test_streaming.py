"""Bodies are streamed in both directions."""

from __future__ import annotations

import hashlib
import http.client
import io
import os
import random
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import BotoCoreError

MEBIBYTE = 1024 * 1024


def test_a_large_object_comes_whole(reader):
    content = random.Random(1).randbytes(20 * MEBIBYTE)
    reader.s3.put_object(Bucket="texts", Key="large", Body=content)
    body = reader.body("upper", "large")
    assert hashlib.sha256(body).digest() == hashlib.sha256(content.upper()).digest()


def test_a_large_upload_in_parts_comes_whole(reader):
    content = random.Random(2).randbytes(20 * MEBIBYTE)
    reader.s3.upload_fileobj(io.BytesIO(content), "texts", "parts")
    body = reader.s3.get_object(Bucket="texts", Key="parts")["Body"].read()
    assert hashlib.sha256(body).digest() == hashlib.sha256(content).digest()


def test_an_empty_object_comes_empty(reader):
    reader.s3.put_object(Bucket="texts", Key="empty", Body=b"")
    answer = reader.get("upper", "empty")
    assert (answer["ContentLength"], answer["Body"].read()) == (0, b"")


def test_the_reader_has_the_first_half_before_the_second_is_made(reader, tmp_path):
    gate = tmp_path / "gate"
    body = reader.get(f"halves:{gate}")["Body"]
    assert body.read(len(b"first half,")) == b"first half,"
    gate.touch()
    assert body.read() == b"second half"


def test_a_function_that_ends_in_the_middle_breaks_the_read(reader):
    body = reader.get("halves:")["Body"]
    with pytest.raises(BotoCoreError):
        body.read()
    assert reader.body("upper") == b"HELLO"


def test_a_client_that_disconnects_while_queued_is_not_served(reader, local, signed):
    """Otherwise clients that have disconnected would keep the workers busy."""
    request = signed(f"/{reader.alias('slow_upper:1')}/greeting.txt")
    left = []
    for _ in range(20):
        connection = http.client.HTTPConnection(urlsplit(local.url).netloc)
        connection.request("GET", request.selector, headers=dict(request.header_items()))
        left.append(connection)
    for connection in left:
        connection.close()
    # Two workers would need ten seconds for twenty reads; the client times out after five.
    answered = threading.Event()
    thread = threading.Thread(target=lambda: (reader.body("upper"), answered.set()))
    thread.start()
    thread.join(4.5)
    assert answered.is_set()


def test_unread_bodies_do_not_occupy_workers(reader, local):
    """On AWS each read has its own execution; here there are two workers."""
    alias = reader.alias(f"big:{8 * MEBIBYTE}")
    bodies = [
        reader.s3.get_object(Bucket=alias, Key="greeting.txt")["Body"]
        for _ in range(local.endpoint.config.workers + 2)
    ]
    assert reader.body("upper") == b"HELLO"
    assert [len(body.read()) for body in bodies] == [8 * MEBIBYTE] * len(bodies)


def test_a_slow_reader_does_not_make_the_endpoint_hold_the_object(reader, local):
    before = _resident_mebibytes()
    body = reader.get(f"big:{200 * MEBIBYTE}")["Body"]
    assert body.read(MEBIBYTE) == b"x" * MEBIBYTE
    assert _resident_mebibytes() - before < 100
    body.close()
    assert reader.body("upper") == b"HELLO"


def _resident_mebibytes() -> float:
    pages = int(Path(f"/proc/{os.getpid()}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / MEBIBYTE
