"""What we sign: it has the signature that botocore makes, and verifies."""

from __future__ import annotations

from datetime import UTC, datetime
from unittest import mock
from urllib.parse import quote, urlsplit

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import assume, given
from hypothesis import strategies as st

from jitprep.sigv4.request_head import RequestHead
from jitprep.sigv4.signing import SigningCredentials, sign

from .signed_requests import EMPTY, KEY, SECRET, VERIFIER, code

NOW = datetime.now(UTC)
KEYS = SigningCredentials(KEY, SECRET)
keys = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
queries = st.lists(st.tuples(st.sampled_from(["a", "a-b", "A"]) | words, words), max_size=4)
# botocore never signs these two, and writes a date of its own.
names = st.from_regex(r"(x-amz-meta-[a-z]{1,4}|X-Amz-Meta-[A-Z]|range|If-Match)", fullmatch=True)
values = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x7E) | st.sampled_from(" \tü"), max_size=8
)
given_headers = st.dictionaries(names, values, max_size=3).filter(
    lambda found: len({name.lower() for name in found}) == len(found)
)
hosts = st.sampled_from(
    ["http://h", "http://h:80", "https://H.example:443", "http://h:9000", "https://[::1]:8443"]
)
urls = st.builds(
    lambda host, key, pairs: (
        f"{host}/bucket/{quote(key, safe='/~')}"
        + "?" * bool(pairs)
        + "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)
    ),
    hosts,
    keys,
    queries,
)
tokens = st.none() | st.just("a/session+token=")


def by_botocore(method, url, headers, credentials, region, service, body=b""):
    """Return the headers that botocore sends, by names in lower case."""
    request = AWSRequest(method, url, headers=dict(headers), data=body)
    kind = S3SigV4Auth if service.startswith("s3") else SigV4Auth
    theirs = Credentials(credentials.access_key, credentials.secret_key, credentials.token)
    with mock.patch("botocore.auth.get_current_datetime", return_value=NOW):
        kind(theirs, service, region).add_auth(request)
    return {name.lower(): value for name, value in request.headers.items()}


def sent(method, url, headers):
    parts = urlsplit(url)
    return RequestHead(method, parts.path, parts.query, list(headers.items()))


@given(
    st.sampled_from(["GET", "HEAD", "POST"]),
    urls,
    given_headers,
    tokens,
    st.sampled_from(["us-east-1", "eu-west-1"]),
    st.sampled_from(["s3", "s3-object-lambda", "lambda"]),
    st.binary(max_size=4),
)
def test_botocore_signs_the_same(method, url, headers, token, region, service, body):
    credentials = SigningCredentials(KEY, SECRET, token)
    made = sign(method, url, headers, credentials, region, service, body, now=lambda: NOW)
    expected = by_botocore(method, url, headers, credentials, region, service, body)
    assert made.pop("host") == urlsplit(url).netloc.lower().removesuffix(
        {"http": ":80", "https": ":443"}[urlsplit(url).scheme]
    )
    assert made == expected


@given(st.sampled_from(["GET", "HEAD"]), urls, given_headers, tokens)
def test_what_is_signed_verifies(method, url, headers, token):
    made = sign(method, url, headers, SigningCredentials(KEY, SECRET, token), "us-east-1")
    assert VERIFIER.verify(sent(method, url, made), ("s3",), None) == KEY


@given(urls, given_headers, st.data())
def test_no_byte_of_what_is_signed_may_change(url, headers, data):
    made = sign("GET", url, headers, KEYS, "us-east-1")
    name = data.draw(st.sampled_from(sorted(made)))
    at = data.draw(st.integers(0, max(0, len(made[name]) - 1)))
    other = made[name][:at] + data.draw(st.sampled_from("0aZ-")) + made[name][at + 1 :]
    assume(other.split() != made[name].split())
    assert code(sent("GET", url, {**made, name: other}))[0] in {400, 403}


@given(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=40))
def test_another_secret_makes_another_signature(secret):
    assume(secret != SECRET)
    made = sign("GET", "http://h/b/k", {}, SigningCredentials(KEY, secret), "us-east-1")
    assert code(sent("GET", "http://h/b/k", made)) == (403, "SignatureDoesNotMatch")


@pytest.mark.parametrize(
    ("raw", "encoded"),
    [
        ("http://h/b/a=b!$(c)", "http://h/b/a%3Db%21%24%28c%29"),
        ("http://h/b/k?a=x+y", "http://h/b/k?a=x%20y"),
        ("http://h?list-type=2", "http://h/?list-type=2"),
        ("http://h/b/k?b&a", "http://h/b/k?a=&b="),
    ],
)
def test_a_url_may_be_written_in_any_encoding(raw, encoded):
    assert sign("GET", raw, {}, KEYS, "r", now=lambda: NOW) == sign(
        "GET", encoded, {}, KEYS, "r", now=lambda: NOW
    )


def test_dots_and_slashes_of_a_key_are_signed_as_they_are():
    made = {
        sign("GET", f"http://h/b/{key}", {}, KEYS, "r", now=lambda: NOW)["authorization"]
        for key in ("a/b", "a//b", "a/./b", "a/c/../b", "a%2Fb", "a/%62/")
    }
    assert len(made) == 6


def test_signing_twice_replaces_the_first_signature():
    first = sign("GET", "http://h/b/k", {"Range": "bytes=0-9"}, KEYS, "us-east-1")
    again = sign("GET", "http://h/b/other", first, KEYS, "us-east-1")
    assert again.keys() == first.keys()
    VERIFIER.verify(sent("GET", "http://h/b/other", again), ("s3",), b"")


def test_the_host_may_be_given():
    made = sign("GET", "http://10.0.0.1/b/k", {"Host": "data.example.com"}, KEYS, "us-east-1")
    assert made["host"] == "data.example.com"
    assert made["x-amz-content-sha256"] == EMPTY
    VERIFIER.verify(sent("GET", "http://10.0.0.1/b/k", made), ("s3",), b"")


def test_a_url_that_is_not_encoded_is_not_signed():
    with pytest.raises(ValueError, match="percent-encoded"):
        sign("GET", "http://h/b/ü", {}, KEYS, "us-east-1")


def test_credentials_do_not_show_their_secrets():
    shown = repr(SigningCredentials(KEY, SECRET, "the token"))
    assert KEY in shown
    assert SECRET not in shown
    assert "the token" not in shown
