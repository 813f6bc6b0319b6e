"""Signatures: what AWS publishes, what botocore signs, and every single change to it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import assume, given
from hypothesis import strategies as st

from jitprep.emulator.s3_errors import S3Error
from jitprep.emulator.signing.request_head import RequestHead
from jitprep.emulator.signing.verification import Verifier

KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
VERIFIER = Verifier(KEY, SECRET, "us-east-1")
S3, DATA_PLANE = ("s3",), ("s3", "s3-object-lambda")
HOST = "127.0.0.1:9000"


def signed(
    method="GET",
    path="/bucket/key",
    query="",
    headers=(),
    *,
    presign=False,
    service="s3",
    region="us-east-1",
    key=KEY,
    secret=SECRET,
    token=None,
    expires=60,
    body=b"",
):
    """Return a request as botocore signs it."""
    request = AWSRequest(method, f"http://{HOST}{path}?{query}", data=body)
    for name, value in headers:
        request.headers[name] = value
    credentials = Credentials(key, secret, token)
    if presign:
        signer = S3SigV4QueryAuth(credentials, service, region, expires)
    else:
        kind = SigV4Auth if service == "lambda" else S3SigV4Auth
        signer = kind(credentials, service, region)
    signer.add_auth(request)
    url = urlsplit(request.url)
    sent = [(name.lower(), value) for name, value in request.headers.items()]
    return RequestHead(method, url.path, url.query, [("host", HOST), *sent])


def refusal(request_head, services=S3, body=None, verifier=VERIFIER):
    with pytest.raises(S3Error) as caught:
        verifier.verify(request_head, services, body)
    return caught.value


def code(request_head, **how):
    error = refusal(request_head, **how)
    return error.status, error.code


def with_header(request_head, name, value):
    kept = [(found, old) for found, old in request_head.headers if found != name]
    return replace(request_head, headers=kept if value is None else [*kept, (name, value)])


def with_authorization(request_head, old, new):
    authorization = request_head.header("authorization")
    assert old in authorization
    return with_header(request_head, "authorization", authorization.replace(old, new))


def with_query(request_head, old, new):
    assert old in request_head.query
    return replace(request_head, query=request_head.query.replace(old, new))


# --- What AWS publishes: "Examples: Signature Calculations" and "Authenticating Requests: Using
# --- Query Parameters" in the Amazon S3 API Reference.

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
PUBLISHED = Verifier(KEY, SECRET, "us-east-1", lambda: datetime(2013, 5, 24, tzinfo=UTC))


def published(method, path, query, signature, headers, content=EMPTY):
    headers = {
        "host": "examplebucket.s3.amazonaws.com",
        "x-amz-content-sha256": content,
        "x-amz-date": "20130524T000000Z",
        **headers,
    }
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={KEY}/20130524/us-east-1/s3/aws4_request,"
        f"SignedHeaders={';'.join(sorted(headers))},Signature={signature}"
    )
    return RequestHead(method, path, query, [*headers.items(), ("authorization", authorization)])


EXAMPLES = {
    "get": published(
        "GET",
        "/test.txt",
        "",
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        {"range": "bytes=0-9"},
    ),
    "put": published(
        "PUT",
        "/test$file.text",
        "",
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        {
            "date": "Fri, 24 May 2013 00:00:00 GMT",
            "x-amz-storage-class": "REDUCED_REDUNDANCY",
        },
        "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
    ),
    "lifecycle": published(
        "GET",
        "/",
        "lifecycle",
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        {},
    ),
    "list": published(
        "GET",
        "/",
        "max-keys=2&prefix=J",
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        {},
    ),
    "presigned": RequestHead(
        "GET",
        "/test.txt",
        "X-Amz-Algorithm=AWS4-HMAC-SHA256"
        f"&X-Amz-Credential={KEY}/20130524/us-east-1/s3/aws4_request"
        "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
        [("host", "examplebucket.s3.amazonaws.com")],
    ),
}


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_what_aws_publishes_verifies(example):
    PUBLISHED.verify(example, S3, b"Welcome to Amazon S3." if example.method == "PUT" else b"")


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_what_aws_publishes_does_not_verify_with_another_secret(example):
    other = replace(PUBLISHED, secret_key="another")
    assert code(example, verifier=other) == (403, "SignatureDoesNotMatch")


# --- Whatever botocore signs verifies, and nothing near it.

words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)
paths = st.text(st.characters(exclude_categories=["Cs"]), max_size=12).map(
    lambda key: f"/bucket/{quote(key, safe='/~')}"
)
queries = st.dictionaries(
    words.filter(lambda name: name and not name.lower().startswith("x-amz-")), words, max_size=3
).map(lambda pairs: "&".join(f"{quote(n, safe='')}={quote(v, safe='')}" for n, v in pairs.items()))
values = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=8)
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
def test_whatever_botocore_signs_verifies(request_head):
    VERIFIER.verify(request_head, DATA_PLANE, None)


def changed(text, at, by):
    """Return ``text`` with one character after another, or one more."""
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
def test_every_header_of_amazons_must_be_signed(request_head):
    error = refusal(with_header(request_head, "x-amz-tagging", "a=b"), DATA_PLANE)
    assert (error.status, error.code) == (403, "AccessDenied")
    assert error.details == {"HeadersNotSigned": "x-amz-tagging"}


# --- Clients encode in many ways, and sign one.


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


def test_a_slash_that_is_encoded_divides_nothing():
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


# --- Each refusal has AWS's code.


def without_signature(request_head):
    return with_header(request_head, "authorization", None)


OLD = "AWSAccessKeyId=k&Signature=s&Expires=1"
REFUSALS = {
    "unsigned": (lambda: without_signature(signed()), 403, "AccessDenied", "Access Denied"),
    "unknown key": (
        lambda: signed(key="nobody"),
        403,
        "InvalidAccessKeyId",
        "The AWS Access Key Id you provided does not exist in our records.",
    ),
    "wrong secret": (
        lambda: signed(secret="wrong"),
        403,
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. "
        "Check your key and signing method.",
    ),
    "presigned for another method": (
        lambda: replace(signed("HEAD", presign=True), method="GET"),
        403,
        "SignatureDoesNotMatch",
        None,
    ),
    "version 2": (
        lambda: with_header(signed(), "authorization", "AWS key:signature"),
        400,
        "InvalidRequest",
        "The authorization mechanism you have provided is not supported. "
        "Please use AWS4-HMAC-SHA256.",
    ),
    "version 2, presigned": (
        lambda: without_signature(replace(signed(), query=OLD)),
        400,
        "InvalidRequest",
        None,
    ),
    "version 4A": (
        lambda: with_query(signed(presign=True), "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
        400,
        "InvalidRequest",
        None,
    ),
    "no scheme of Amazon's": (
        lambda: with_header(signed(), "authorization", "Bearer token"),
        400,
        "InvalidArgument",
        "Unsupported Authorization Type",
    ),
    "twice": (
        lambda: replace(signed(), query=signed(presign=True).query),
        400,
        "InvalidArgument",
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature "
        "query string parameter or the Authorization header should be specified",
    ),
    "a component missing": (
        lambda: with_authorization(signed(), "SignedHeaders=", "Signed="),
        400,
        "AuthorizationHeaderMalformed",
        "The authorization header is malformed; the authorization header requires three "
        "components: Credential, SignedHeaders, and Signature.",
    ),
    "a component twice": (
        lambda: with_authorization(signed(), ", SignedHeaders", ", Signature=1, SignedHeaders"),
        400,
        "AuthorizationHeaderMalformed",
        None,
    ),
    "credential": (
        lambda: with_authorization(signed(), "/aws4_request", ""),
        400,
        "AuthorizationHeaderMalformed",
        "The authorization header is malformed; the Credential is mal-formed; expecting "
        '"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
    ),
    "terminal": (
        lambda: with_authorization(signed(), "aws4_request", "aws5_request"),
        400,
        "AuthorizationHeaderMalformed",
        'The authorization header is malformed; incorrect terminal "aws5_request". '
        'This endpoint uses "aws4_request".',
    ),
    "region": (
        lambda: signed(region="eu-west-1"),
        400,
        "AuthorizationHeaderMalformed",
        "The authorization header is malformed; the region 'eu-west-1' is wrong; "
        "expecting 'us-east-1'",
    ),
    "region, presigned": (
        lambda: signed(region="eu-west-1", presign=True),
        400,
        "AuthorizationQueryParametersError",
        "Error parsing the X-Amz-Credential parameter; the region 'eu-west-1' is wrong; "
        "expecting 'us-east-1'",
    ),
    "service": (
        lambda: signed(service="sqs"),
        400,
        "AuthorizationHeaderMalformed",
        'The authorization header is malformed; incorrect service "sqs". '
        'This endpoint belongs to "s3".',
    ),
    "no date": (
        lambda: with_header(signed(), "x-amz-date", None),
        403,
        "AccessDenied",
        "AWS authentication requires a valid Date or x-amz-date header",
    ),
    "no hash": (
        lambda: with_header(signed(), "x-amz-content-sha256", None),
        400,
        "InvalidRequest",
        "Missing required header for this request: x-amz-content-sha256",
    ),
    "a hash that is none": (
        lambda: with_header(signed(), "x-amz-content-sha256", "abc"),
        400,
        "InvalidArgument",
        None,
    ),
    "the host not signed": (
        lambda: with_authorization(signed(), "SignedHeaders=host;", "SignedHeaders="),
        403,
        "AccessDenied",
        "There were headers present in the request which were not signed",
    ),
    "a signed header not sent": (
        lambda: with_header(signed(headers=[("range", "bytes=0-1")]), "range", None),
        403,
        "SignatureDoesNotMatch",
        None,
    ),
    "a name added to the signed headers": (
        lambda: with_authorization(signed(), "SignedHeaders=host;", "SignedHeaders=accept;host;"),
        403,
        "SignatureDoesNotMatch",
        None,
    ),
    "a hash added to a presigned URL": (
        lambda: with_header(signed(presign=True), "x-amz-content-sha256", EMPTY),
        403,
        "SignatureDoesNotMatch",
        None,
    ),
    "Content-MD5 not signed": (
        lambda: with_header(signed(presign=True), "content-md5", "1B2M2Y8AsgTpgAmY7PhCfg=="),
        403,
        "AccessDenied",
        None,
    ),
    **{
        f"presigned without {name}": (
            lambda name=name: with_query(signed(presign=True), name, "Other"),
            400,
            "AuthorizationQueryParametersError",
            "Query-string authentication version 4 requires the X-Amz-Algorithm, "
            "X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and "
            "X-Amz-Expires parameters.",
        )
        for name in (
            "X-Amz-Algorithm",
            "X-Amz-Credential",
            "X-Amz-Signature",
            "X-Amz-Date",
            "X-Amz-SignedHeaders",
            "X-Amz-Expires",
        )
    },
    **{
        f"expires {value}": (
            lambda value=value: with_query(
                signed(presign=True), "X-Amz-Expires=60", f"X-Amz-Expires={value}"
            ),
            400,
            "AuthorizationQueryParametersError",
            message,
        )
        for value, message in {
            "soon": "X-Amz-Expires should be a number",
            "-1": "X-Amz-Expires must be non-negative",
            "604801": "X-Amz-Expires must be less than a week (in seconds); that is, the given "
            "X-Amz-Expires must be less than 604800 seconds",
        }.items()
    },
    "a date that is none": (
        lambda: with_query(signed(presign=True), "X-Amz-Date=2", "X-Amz-Date=x"),
        400,
        "AuthorizationQueryParametersError",
        "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"",
    ),
    "a credential of another day": (
        lambda: with_query(signed(presign=True), f"{KEY}%2F20", f"{KEY}%2F19"),
        400,
        "AuthorizationQueryParametersError",
        None,
    ),
}


@pytest.mark.parametrize(("make", "status", "name", "message"), REFUSALS.values(), ids=REFUSALS)
def test_each_refusal_has_the_code_and_message_of_aws(make, status, name, message):
    error = refusal(make())
    assert (error.status, error.code) == (status, name)
    assert message is None or error.message == message


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


def test_the_date_may_stand_in_the_date_header():
    request_head = signed(headers=[("date", "any: the signer writes its own")])
    assert request_head.header("x-amz-date") is None
    VERIFIER.verify(request_head, S3, None)


def test_a_wrong_signature_shows_what_should_have_been_signed():
    details = refusal(signed(secret="wrong", query="a=1")).details
    assert details["CanonicalRequest"].startswith(f"GET\n/bucket/key\na=1\nhost:{HOST}\n")
    assert re.fullmatch(
        r"AWS4-HMAC-SHA256\n\d{8}T\d{6}Z\n\d{8}/us-east-1/s3/aws4_request\n[0-9a-f]{64}",
        details["StringToSign"],
    )
    assert details["AWSAccessKeyId"] == KEY
    assert details.keys() == {
        "AWSAccessKeyId",
        "CanonicalRequest",
        "SignatureProvided",
        "StringToSign",
    }


def test_a_body_must_have_the_hash_that_is_signed():
    request_head = signed("PUT", body=b"one")
    VERIFIER.verify(request_head, S3, b"one")
    error = refusal(request_head, body=b"other")
    assert (error.status, error.code) == (400, "XAmzContentSHA256Mismatch")
    assert error.details["ClientComputedContentSHA256"] != error.details["S3ComputedContentSHA256"]


def test_the_secret_is_not_shown():
    assert SECRET not in repr(VERIFIER)
