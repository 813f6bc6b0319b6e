"""A Function URL played by the test's server: requests, and the handling of responses."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from jitprep.reader import BadObject, CannotOpen, Refused, Unavailable, Undecodable, open_reader
from jitprep.reader.transport.retry import TRIES
from preprocessing import Pipeline
from tests.photos import photo

from .conftest import Says

MADE = Pipeline.parse("resize:16,16/npy").encode(photo("rocket"))
ROWS = Pipeline.parse("resize:16,16/npy")(photo("rocket"))
NPY = {"Content-Type": "application/x-npy"}
GOOD = Says(200, bytes(MADE.body), NPY)
FORBIDDEN = {"x-amzn-ErrorType": "AccessDeniedException"}
LOCAL = "/_lambda-url/preprocess/photos"


def error(status: int, code: str, message: str = "why") -> Says:
    xml = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Says(status, xml.encode(), {"Content-Type": "application/xml"})


def test_a_read_is_one_signed_get(web):
    web.answers = [GOOD]
    reader = open_reader(web.url + LOCAL, preset="crops", seed=3)
    np.testing.assert_array_equal(reader.get("a b/ü+&%?.jpg"), ROWS, strict=True)
    (asked,) = web.asked
    assert asked.path.startswith(f"{LOCAL}/a%20b/%C3%BC%2B%26%25%3F.jpg?")
    assert parse_qs(urlsplit(asked.path).query) == {"pipeline": ["crops"], "seed": ["3"]}
    assert "/us-east-1/lambda/aws4_request" in asked.headers["authorization"]


def test_a_host_that_is_not_awss_gets_no_signature(web):
    web.answers = [GOOD]
    open_reader(f"{web.url}/photos").get("a.jpg")
    assert "authorization" not in web.asked[0].headers
    assert web.asked[0].path == "/photos/a.jpg"


def test_the_name_of_a_mount_is_encoded(web):
    web.answers = [GOOD]
    open_reader(f"{web.url}/photös und%20mehr").get("a.jpg")
    assert web.asked[0].path == "/phot%C3%B6s%20und%20mehr/a.jpg"


def test_without_credentials_nothing_is_signed(web, monkeypatch):
    from jitprep.reader.transport import aws

    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    aws._identity.cache_clear()
    web.answers = [GOOD]
    open_reader(web.url + LOCAL).get("a.jpg")
    aws._identity.cache_clear()
    assert "authorization" not in web.asked[0].headers


def test_without_a_region_the_error_has_the_remedy(web, monkeypatch):
    from jitprep.reader.transport import aws

    monkeypatch.delenv("AWS_DEFAULT_REGION")
    aws._identity.cache_clear()
    with pytest.raises(CannotOpen, match="AWS_DEFAULT_REGION"):
        open_reader(web.url + LOCAL).get("a.jpg")
    aws._identity.cache_clear()


def test_a_redirect_is_followed_without_the_signature(web):
    aside = f"{web.url}/spill/abc?X-Amz-Signature=hunter2"
    raw = {"x-amz-meta-jitprep-shape": "3,16,16", "x-amz-meta-jitprep-dtype": "uint8"}
    octets = {"Content-Type": "application/octet-stream"}
    web.answers = [Says(307, b"", {"Location": aside, **octets, **raw}), Says(200, ROWS.tobytes())]
    np.testing.assert_array_equal(open_reader(web.url + LOCAL).get("a.jpg"), ROWS, strict=True)
    assert [asked.path.partition("?")[0] for asked in web.asked] == [f"{LOCAL}/a.jpg", "/spill/abc"]
    assert "authorization" in web.asked[0].headers
    assert not {"authorization", "x-amz-security-token"} & web.asked[1].headers.keys()


@pytest.mark.parametrize(
    "second", [error(403, "AccessDenied"), Says(307, b"", {"Location": "http://127.0.0.1/x"})]
)
def test_an_error_after_a_redirect_does_not_contain_the_url(web, second):
    aside = f"{web.url}/spill/abc?X-Amz-Signature=hunter2"
    web.answers = [Says(307, b"", {"Location": aside}), second]
    with pytest.raises(Refused) as caught:
        open_reader(web.url + LOCAL).get("a.jpg")
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_unreachable_redirect_does_not_reveal_the_url(web, pauses):
    web.answers = [Says(307, b"", {"Location": "http://127.0.0.1:1/abc?X-Amz-Signature=hunter2"})]
    with pytest.raises(Unavailable) as caught:
        open_reader(web.url + LOCAL).get("a.jpg")
    assert "hunter2" not in str(caught.value)
    assert "no complete response from 127.0.0.1:1 (Connection refused); check" in str(caught.value)
    assert len(pauses) == TRIES - 1


@pytest.mark.parametrize("location", ["file:///etc/passwd", "", "ftp://host/x"])
def test_only_http_is_followed(web, location):
    web.answers = [Says(307, b"", {"Location": location})]
    with pytest.raises(Refused, match="redirect"):
        open_reader(web.url + LOCAL).get("a.jpg")


@pytest.mark.parametrize(
    ("says", "kind", "code"),
    [
        (error(404, "NoSuchKey"), BadObject, "NoSuchKey"),
        (error(400, "CorruptObject"), BadObject, "CorruptObject"),
        (error(403, "BucketNotAllowed"), Refused, "BucketNotAllowed"),
        (Says(403, b'{"Message":"Forbidden"}', FORBIDDEN), Refused, "AccessDeniedException"),
        (Says(404, b"<html><body>not here</body>"), Refused, "Unknown"),
        (Says(400, b'["a list"]'), Refused, "Unknown"),
        (Says(400, b""), Refused, "Unknown"),
    ],
)
def test_an_error_has_the_doors_code_and_is_not_tried_again(web, says, kind, code):
    web.answers = [says]
    with pytest.raises(kind) as caught:
        open_reader(web.url + LOCAL).get("a.jpg")
    assert (caught.value.status, caught.value.code) == (says.status, code)
    assert len(web.asked) == 1


@pytest.mark.parametrize(
    "failing",
    [
        error(503, "SlowDown"),
        Says(502, b"Internal Server Error"),
        Says(
            429, b'{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","message":"Rate"}'
        ),
        Says(200, bytes(MADE.body)[:-9], NPY, cut=9),
        Says(200, bytes(MADE.body), {**NPY, "x-amz-checksum-crc32": "AAAAAA=="}),
    ],
)
def test_temporary_errors_are_retried(web, failing, pauses):
    web.answers = [failing, failing, GOOD]
    np.testing.assert_array_equal(open_reader(web.url + LOCAL).get("a.jpg"), ROWS, strict=True)
    assert (len(web.asked), len(pauses)) == (3, 2)


@pytest.mark.parametrize("key", ["../a.jpg", "a/./b", "a/.."])
def test_a_key_that_no_url_can_carry_is_refused(web, key):
    web.answers = [GOOD]
    with pytest.raises(Refused, match="a URL cannot contain"):
        open_reader(web.url + LOCAL).get(key)
    assert web.asked == []


def page(*keys: str, token: str = "", encoded: bool = True) -> Says:
    contents = "".join(
        f"<Contents><Key>{key}</Key><Size>{0 if key == 'deep/' else 1}</Size></Contents>"
        for key in keys
    )
    following = f"<NextContinuationToken>{token}</NextContinuationToken>" if token else ""
    kind = "<EncodingType>url</EncodingType>" if encoded else ""
    space = "http://s3.amazonaws.com/doc/2006-03-01/"
    xml = f'<ListBucketResult xmlns="{space}">{kind}{contents}{following}</ListBucketResult>'
    return Says(200, xml.encode())


def test_a_listing_is_followed_to_its_end_without_markers(web):
    """A key that ends in a slash marks a folder only where the object is empty."""
    web.answers = [page("a%2B+b", "deep/", "full/", token="T/1+"), page("deep/%C3%BC.jpg")]
    assert list(open_reader(web.url + LOCAL).keys("a&")) == ["a+ b", "full/", "deep/ü.jpg"]
    first, second = (parse_qs(urlsplit(asked.path).query) for asked in web.asked)
    assert first == {"list-type": ["2"], "encoding-type": ["url"], "prefix": ["a&"]}
    assert second == {**first, "continuation-token": ["T/1+"]}


def test_a_truncated_listing_is_an_error(web):
    """For a store without a continuation token, or with the same page again and again."""
    cut = page("a")
    cut.body = cut.body.replace(b"<Contents>", b"<IsTruncated>true</IsTruncated><Contents>")
    by_url = open_reader(web.url + LOCAL)
    for says, reader in (
        (cut, by_url),
        (cut, open_reader("s3://crops-x1--ol-s3", endpoint_url=web.url)),
        (page("a", token="T"), by_url),
    ):
        web.answers = [says]
        with pytest.raises(Undecodable, match="no continuation token"):
            list(reader.keys())


def test_a_listing_without_encoding_is_read_unchanged(web):
    web.answers = [page("a%2B+b", encoded=False)]
    assert list(open_reader(web.url + LOCAL).keys()) == ["a%2B+b"]


@pytest.mark.parametrize(
    "body", [b"words", b"<html/>", b'<?xml version="1.0" encoding="none"?><a/>']
)
def test_a_response_that_is_not_a_listing_is_an_error(web, body):
    web.answers = [Says(200, body)]
    with pytest.raises(Undecodable, match="ListObjectsV2"):
        list(open_reader(web.url + LOCAL).keys())
