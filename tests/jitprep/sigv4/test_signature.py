"""Signatures: every request that botocore signs verifies, and no change to it does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote_to_bytes

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jitprep.sigv4.canonical import canonical_request
from jitprep.sigv4.request_head import RequestHead

from .signed_requests import (
    DATA_PLANE,
    KEY,
    S3,
    SECRET,
    VERIFIER,
    code,
    refusal,
    signed,
    with_header,
    with_query,
)

words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)
paths = st.text(st.characters(exclude_categories=["Cs"]), max_size=12).map(
    lambda key: f"/bucket/{quote(key, safe='/~')}"
)
# The same name may come more than once.
queries = st.lists(
    st.tuples(st.sampled_from(["a", "a-b", "A"]) | words.filter(bool), words), max_size=4
).map(
    lambda pairs: "&".join(
        f"{quote(n, safe='')}={quote(v, safe='')}"
        for n, v in pairs
        if not n.lower().startswith("x-amz-")
    )
)
values = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x7E) | st.sampled_from(" \tü日"), max_size=8
)
names = st.from_regex(r"(x-amz-meta-[a-z0-9]{1,6}|range|if-match|cache-control)", fullmatch=True)
headers = st.dictionaries(names, values, max_size=3).map(lambda found: list(found.items()))
requests = st.builds(
    signed,
    method=st.sampled_from(["GET", "HEAD", "PUT", "POST", "DELETE"]),
    path=paths,
    query=queries,
    headers=headers,
    presign=st.booleans(),
    service=st.sampled_from(DATA_PLANE),
    token=st.none() | st.just("a/session+token="),
)


@given(requests)
def test_every_request_that_botocore_signs_verifies(request_head):
    assert VERIFIER.verify(request_head, DATA_PLANE, None) == KEY


def changed(text, at, by):
    """Return ``text`` with one character replaced or added."""
    at %= len(text) + 1
    return text[:at] + by + text[at + 1 :]


@given(
    requests,
    st.integers(0, 1000),
    st.sampled_from("0aZ-."),
    st.sampled_from(["method", "path", "query", "header", "added"]),
    st.data(),
)
def test_any_single_change_is_refused(request_head, at, by, part, data):
    match part:
        case "method":
            new = replace(request_head, method="GET" if request_head.method != "GET" else "HEAD")
        case "path":
            new = replace(request_head, path="/" + changed(request_head.path[1:], at, by))
            assume("%" not in request_head.path and new.path != request_head.path)
        case "query":
            assume(request_head.query)
            new = replace(request_head, query=changed(request_head.query, at, by))
            assume(new.parameters != request_head.parameters)
        case "added":
            new = with_query(replace(request_head, query=f"{request_head.query}&"), "&", "&more=1&")
        case "header":
            chosen = data.draw(st.integers(0, len(request_head.headers) - 1))
            name, value = request_head.headers[chosen]
            other = changed(value, at, by)
            assume(other.split() != value.split())
            new = with_header(request_head, name, other)
    error = refusal(new, DATA_PLANE)
    assert error.status in {400, 403}
    assert SECRET not in f"{error.message}{error.details}"


@given(requests)
def test_every_x_amz_header_must_be_signed(request_head):
    error = refusal(with_header(request_head, "x-amz-tagging", "a=b"), DATA_PLANE)
    assert (error.status, error.code) == (403, "AccessDenied")
    assert error.details == {"HeadersNotSigned": "x-amz-tagging"}


@pytest.mark.parametrize(
    ("canonical", "sent"),
    [
        ("/bucket/year%3D2026/a%20b", "/bucket/year=2026/a b"),
        ("/bucket/a~b", "/bucket/a%7Eb"),
        ("/bucket/%C3%BC", "/bucket/%c3%bc"),
        ("/bucket/%C3%BC", "/bucket/" + "ü".encode().decode("latin-1")),
    ],
)
def test_a_path_may_be_sent_in_any_encoding(canonical, sent):
    VERIFIER.verify(replace(signed(path=canonical), path=sent), S3, None)


@given(
    st.lists(
        st.integers(0, 255).flatmap(
            lambda byte: st.sampled_from([chr(byte), f"%{byte:02X}", f"%{byte:02x}"])
        )
        | st.sampled_from(["%", "%2", "%zz"]),
        max_size=8,
    ).map("".join)
)
def test_every_byte_is_encoded_in_one_way(text):
    head = RequestHead("GET", f"/{text}", f"a={text}".replace("&", "%26"), [])
    _, path, query, *_ = canonical_request(head, "s3", (), "UNSIGNED-PAYLOAD").split("\n")
    once = [quote(unquote_to_bytes(part.encode("latin-1")), safe="") for part in text.split("/")]
    assert path == "/" + "/".join(once)
    spaced = text.replace("+", " ").encode("latin-1")
    assert query == f"a={quote(unquote_to_bytes(spaced), safe='')}"


def test_an_encoded_slash_does_not_separate_segments():
    VERIFIER.verify(signed(path="/bucket/a%2Fb"), S3, None)
    divided = replace(signed(path="/bucket/a/b"), path="/bucket/a%2Fb")
    assert code(divided) == (403, "SignatureDoesNotMatch")


def test_dots_and_double_slashes_in_a_key_are_signed_as_they_are():
    VERIFIER.verify(signed(path="/bucket/a/../b//./c"), S3, None)


@pytest.mark.parametrize("sent", ["b&a=x%2Fy%20z", "a=x/y+z&b=", "a=x%2fy%20z&b"])
def test_a_query_may_be_sent_in_any_order_and_encoding(sent):
    VERIFIER.verify(replace(signed(query="a=x%2Fy%20z&b="), query=sent), S3, None)


def test_spaces_in_a_header_are_trimmed_and_repeated_headers_joined():
    request_head = signed(headers=[("x-amz-meta-a", "one  two"), ("x-amz-meta-a", "three")])
    assert [value for name, value in request_head.headers if name == "x-amz-meta-a"] == [
        "one  two",
        "three",
    ]
    VERIFIER.verify(request_head, S3, None)
    VERIFIER.verify(
        with_header(request_head, "x-amz-meta-a", " one two,three"),
        S3,
        None,
    )


@pytest.mark.parametrize(
    "path", ["/f/invocations", "/arn%3Aaws%3Alambda%3Aus-east-1%3A1%3Afunction%3Af/invocations"]
)
def test_lambda_encodes_the_path_twice_and_signs_the_body(path):
    request_head = signed("POST", path, service="lambda", body=b"{}")
    assert request_head.header("x-amz-content-sha256") is None
    VERIFIER.verify(request_head, ("lambda",), b"{}")
    assert code(request_head, services=("lambda",), body=b"[]") == (403, "SignatureDoesNotMatch")


def at(minutes):
    return replace(VERIFIER, now=lambda: datetime.now(UTC) + timedelta(minutes=minutes))


@pytest.mark.parametrize("minutes", [-14, 14])
def test_clocks_may_differ_by_a_quarter_of_an_hour(minutes):
    at(minutes).verify(signed(), S3, None)


@pytest.mark.parametrize("minutes", [-16, 16])
def test_clocks_may_not_differ_by_more(minutes):
    error = refusal(signed(), verifier=at(minutes))
    assert (error.status, error.code) == (403, "RequestTimeTooSkewed")
    assert error.details["MaxAllowedSkewMilliseconds"] == "900000"
    assert error.details["RequestTime"] < error.details["ServerTime"] or minutes < 0


def test_a_presigned_url_is_good_until_it_expires_and_not_long_before_it_was_made():
    request_head = signed(presign=True, expires=3600)
    at(59).verify(request_head, S3, None)
    at(-14).verify(request_head, S3, None)
    expired, early = (refusal(request_head, verifier=at(minutes)) for minutes in (61, -16))
    assert (expired.status, expired.code) == (early.status, early.code) == (403, "AccessDenied")
    assert expired.message == "Request has expired"
    assert expired.details["X-Amz-Expires"] == "3600"
    assert early.message == "Request is not yet valid"


def test_the_date_header_may_replace_x_amz_date():
    request_head = signed(headers=[("date", "any: the signer writes its own")])
    assert request_head.header("x-amz-date") is None
    VERIFIER.verify(request_head, S3, None)


def test_a_body_must_have_the_hash_that_is_signed():
    request_head = signed("PUT", body=b"one")
    VERIFIER.verify(request_head, S3, b"one")
    error = refusal(request_head, body=b"other")
    assert (error.status, error.code) == (400, "XAmzContentSHA256Mismatch")
    assert error.details["ClientComputedContentSHA256"] != error.details["S3ComputedContentSHA256"]


def test_the_secret_is_not_shown():
    assert SECRET not in repr(VERIFIER)


def test_each_key_has_its_own_secret():
    many = replace(VERIFIER, secrets={KEY: SECRET, "second": "its secret", "none": ""}.get)
    assert many.verify(signed(), S3, None) == KEY
    assert many.verify(signed(key="second", secret="its secret"), S3, None) == "second"
    assert code(signed(key="second"), verifier=many) == (403, "SignatureDoesNotMatch")
    for key in ("third", "none"):
        error = refusal(signed(key=key, secret=""), verifier=many)
        assert (error.status, error.code) == (403, "InvalidAccessKeyId")
        assert error.details == {"AWSAccessKeyId": key}


@pytest.mark.parametrize("presign", [False, True])
def test_a_verifier_without_a_region_takes_any(presign):
    anywhere = replace(VERIFIER, region=None)
    for region in ("us-east-1", "eu-west-1", "auto"):
        anywhere.verify(signed(region=region, presign=presign), S3, None)
    assert code(signed(service="sqs"), verifier=anywhere)[0] == 400


@given(st.text(st.characters(max_codepoint=0xFF), max_size=40), st.booleans())
def test_any_date_is_read_or_refused(text, named):
    request_head = with_header(signed(), "x-amz-date", text if named else None)
    assert refusal(with_header(request_head, "date", text)).status in {400, 403}


@pytest.mark.parametrize(
    "date", ["Fri, 31 Dec 9999 23:59:59 -2300", f"Fri, 24 May 2013 00:00:00 +{'9' * 20}"]
)
def test_a_date_beyond_the_calendar_is_no_date(date):
    request_head = with_header(signed(), "x-amz-date", None)
    assert code(with_header(request_head, "date", date)) == (403, "AccessDenied")


@given(requests)
def test_an_asgi_scope_has_the_same_head(request_head):
    scope = {
        "method": request_head.method,
        "raw_path": request_head.path.encode("latin-1"),
        "query_string": request_head.query.encode("latin-1"),
        "headers": [(name.encode(), value.encode()) for name, value in request_head.headers],
    }
    assert RequestHead.of_asgi(scope) == request_head
