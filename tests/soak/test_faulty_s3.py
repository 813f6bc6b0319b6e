"""The faulty S3 applies each fault as described, and as often as planned."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
import urllib3

from soak.faults import Fault, Plan
from soak.load.clients import Door
from soak.stage import FaultyS3, faulty_s3

BODY = bytes(range(256)) * 100


@pytest.fixture(scope="module")
def s3() -> Iterator[FaultyS3]:
    with faulty_s3() as started:
        client = started.store.client()
        client.create_bucket(Bucket="bucket")
        client.put_object(Bucket="bucket", Key="key", Body=BODY)
        yield started


def presigned(s3: FaultyS3, method: str) -> str:
    call = "get_object" if method == "GET" else "head_object"
    parameters = {"Bucket": "bucket", "Key": "key", "ChecksumMode": "ENABLED"}
    return str(Door(s3.url).client().generate_presigned_url(call, parameters))


def get(s3: FaultyS3, method: str = "GET", timeout: float = 20.0) -> urllib3.BaseHTTPResponse:
    headers = {"x-amz-checksum-mode": "ENABLED"}
    url = presigned(s3, method)
    with urllib3.PoolManager() as pool:
        return pool.request(method, url, headers=headers, retries=False, timeout=timeout)


def raw(s3: FaultyS3, method: str) -> bytes:
    """Return the bytes that arrive before the connection ends."""
    url = urlsplit(presigned(s3, method))
    received = b""
    with socket.create_connection((url.hostname, url.port), 20) as connection:
        target = f"{url.path}?{url.query}"
        connection.sendall(
            f"{method} {target} HTTP/1.1\r\nHost: {url.netloc}\r\n"
            "x-amz-checksum-mode: ENABLED\r\n\r\n".encode()
        )
        with suppress(ConnectionResetError):
            while chunk := connection.recv(65536):
                received += chunk
    return received


def always(s3: FaultyS3, fault: Fault) -> None:
    s3.fail({fault: 1.0}, 1)


@pytest.mark.parametrize("fault", [Fault.NONE, Fault.SLOW])
def test_what_is_late_is_whole(s3, fault):
    always(s3, fault)
    assert get(s3).data == BODY
    assert s3.done() == {fault: 1}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("fault", [Fault.RESET, Fault.TRUNCATED])
def test_what_breaks_off_is_short(s3, fault, method):
    always(s3, fault)
    spoiled = [raw(s3, method) for _ in range(5)]
    s3.behave()
    whole = raw(s3, method)
    assert all(len(answer) < len(whole) for answer in spoiled)
    assert len(whole) > len(BODY) or method == "HEAD"


def test_what_is_forged_has_the_right_length_and_the_checksum_of_what_it_is_not(s3):
    always(s3, Fault.FORGED)
    answer = get(s3)
    assert len(answer.data) == len(BODY)
    assert sum(a != b for a, b in zip(answer.data, BODY, strict=True)) == 1
    s3.behave()
    assert answer.headers["x-amz-checksum-crc32"] == get(s3).headers["x-amz-checksum-crc32"]


def test_what_is_busy_says_so(s3):
    always(s3, Fault.BUSY)
    answer = get(s3)
    assert answer.status == 503
    assert b"<Code>SlowDown</Code>" in answer.data
    assert get(s3, "HEAD").status == 503


def test_what_is_silent_stays_so(s3):
    always(s3, Fault.SILENT)
    with pytest.raises(urllib3.exceptions.ReadTimeoutError):
        get(s3, timeout=0.5)


def test_a_plan_is_the_same_each_time_and_keeps_its_shares():
    plan = Plan(3, {Fault.RESET: 0.2, Fault.BUSY: 0.3})
    doses = [plan.dose(number) for number in range(4000)]
    assert doses == [plan.dose(number) for number in range(4000)]
    counts = Counter(dose.fault for dose in doses)
    assert counts.keys() == {Fault.RESET, Fault.BUSY, Fault.NONE}
    assert counts[Fault.RESET] / 4000 == pytest.approx(0.2, abs=0.02)
    assert counts[Fault.BUSY] / 4000 == pytest.approx(0.3, abs=0.02)
    assert Plan(4, plan.shares).dose(0) != doses[0]
