"""Requests that `jitprep.sigv4` signs, on a store that verifies signatures."""

from __future__ import annotations

import re
from http.client import HTTPConnection
from urllib.parse import quote, urlsplit

import pytest

from jitprep.sigv4.signing import SigningCredentials, sign

from .conftest import KEYS


@pytest.fixture
def ask(store):
    """Send a request to the store as it is written, signed with the store's keys."""
    parts = urlsplit(store.url)
    connection = HTTPConnection(parts.hostname, parts.port)

    def send(method, target, headers=(), secret=store.secret_key):
        credentials = SigningCredentials(store.access_key, secret)
        signed = sign(method, store.url + target, dict(headers), credentials, "us-east-1")
        connection.request(method, target, headers=signed)
        answer = connection.getresponse()
        return answer.status, answer.read()

    yield send
    connection.close()


@pytest.mark.parametrize("safe", ["/~", "/~=+()*!'$,;:@"])
def test_a_get_of_any_key_is_accepted(ask, bucket, originals, safe):
    for key in KEYS:
        target = f"/{bucket}/{quote(key, safe=safe)}"
        assert ask("GET", target) == (200, originals[key]), target
        assert ask("HEAD", target) == (200, b""), target


def test_signed_headers_are_accepted(ask, bucket, originals):
    headers = {"Range": "bytes=0-9", "X-Amz-Meta-A": "  two  spaces "}
    target = f"/{bucket}/{KEYS[0]}"
    assert ask("GET", target, headers) == (206, originals[KEYS[0]][:10])


@pytest.mark.parametrize("prefix", ["", "folder/a b+c", "ü/", "%2e"])
def test_a_list_is_accepted(ask, bucket, prefix):
    status, body = ask("GET", f"/{bucket}?list-type=2&prefix={quote(prefix, safe='')}&max-keys=100")
    assert status == 200
    found = re.findall(rb"<Key>", body)
    assert len(found) == sum(key.startswith(prefix) for key in KEYS)


def test_a_wrong_secret_is_refused(ask, bucket):
    status, body = ask("GET", f"/{bucket}/{KEYS[0]}", secret="not-it")
    assert (status, b"<Code>SignatureDoesNotMatch</Code>" in body) == (403, True)
