"""Unimplemented services answer in the wire format of their SDK."""

from __future__ import annotations

import http.client
import socket
from urllib.parse import urlsplit

import pytest

CALLS = {
    "lambda": lambda client: client.get_function(FunctionName="preprocess"),
    "logs": lambda client: client.describe_log_groups(),
    "iam": lambda client: client.list_roles(),
    "sts": lambda client: client.get_caller_identity(),
    "sqs": lambda client: client.list_queues(),
    "ec2": lambda client: client.describe_instances(),
    "dynamodb": lambda client: client.list_tables(),
    "cloudwatch": lambda client: client.list_metrics(),
    "cloudfront": lambda client: client.list_distributions(),
    "s3tables": lambda client: client.list_table_buckets(),
    "s3control": lambda client: client.list_access_grants_instances(AccountId="123456789012"),
}


@pytest.mark.parametrize("service", CALLS)
def test_each_service_reports_that_it_is_not_implemented(local, expect_error, service):
    with expect_error("NotImplemented", 501) as message:
        CALLS[service](local.client(service))
    assert "does not implement" in message()


@pytest.mark.parametrize("head", ["A: " + "x" * 9000, "\r\n".join(["A: " + "x" * 8000] * 9)])
def test_a_head_that_is_too_large_is_refused_in_s3s_words(local, head):
    status, body = raw(local.url, f"GET /texts HTTP/1.1\r\nHost: h\r\n{head}\r\n\r\n")
    assert (status, b"<Code>RequestHeaderSectionTooLarge</Code>" in body) == (400, True)


def test_a_head_that_never_ends_is_refused(local):
    status, body = raw(local.url, "GET /texts HTTP/1.1\r\nHost: h\r\nA: " + "x" * 3_000_000)
    assert (status, b"<Code>RequestHeaderSectionTooLarge</Code>" in body) == (400, True)


def test_a_head_within_the_limits_is_accepted(local):
    head = "\r\n".join(f"A{n}: {'x' * 8000}" for n in range(7))
    status, body = raw(local.url, f"GET /texts HTTP/1.1\r\nHost: h\r\n{head}\r\n\r\n")
    assert (status, b"<Code>AccessDenied</Code>" in body) == (403, True)


@pytest.mark.parametrize("bucket", ["texts", "alias"])
def test_a_key_that_is_not_utf_8_is_refused(reader, signed, bucket):
    name = reader.alias("upper") if bucket == "alias" else bucket
    request = signed(f"/{name}/a%FFb")
    at = urlsplit(request.full_url)
    connection = http.client.HTTPConnection(at.netloc)
    connection.request("GET", at.path, headers=dict(request.header_items()))
    answer = connection.getresponse()
    assert (answer.status, b"<Code>InvalidURI</Code>" in answer.read()) == (400, True)
    connection.close()


def raw(url, text):
    """Send raw bytes; return the status and the whole response."""
    at = urlsplit(url)
    with socket.create_connection((at.hostname, at.port)) as sock:
        sock.settimeout(10)
        sock.sendall(text.encode())
        answer = http.client.HTTPResponse(sock)
        answer.begin()
        return answer.status, answer.read()
