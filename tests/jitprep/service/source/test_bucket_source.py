"""What the function may read and write with its own role: what the operator names, and no more."""

from __future__ import annotations

from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jitprep.service import s3 as own
from jitprep.service.config import config
from jitprep.service.errors import RequestFailed
from jitprep.service.messages import ListingName, ObjectName
from jitprep.service.s3_names import S3Prefix
from jitprep.service.source import bucket_source
from jitprep.service.source.hosts import require_allowed


@pytest.fixture
def allowed(s3, monkeypatch):
    monkeypatch.setenv("JITPREP_BUCKETS", "photos, train=company-photos.raw")
    config.cache_clear()


@pytest.mark.parametrize(
    ("alias", "bucket"), [("photos", "photos"), ("train", "company-photos.raw")]
)
@pytest.mark.usefixtures("allowed")
def test_a_bucket_is_read_by_the_name_that_the_operator_gave_it(s3, alias, bucket):
    get, head = (
        bucket_source.resolve(ObjectName(alias, "a b/ü.jpg", "v 1/+"), method)
        for method in ("GET", "HEAD")
    )
    for source in (get, head):
        url = urlsplit(source.url)
        assert f"{url.scheme}://{url.netloc}" == s3.url
        assert unquote(url.path) == f"/{bucket}/a b/ü.jpg"
        assert parse_qs(url.query)["versionId"] == ["v 1/+"]
        assert source.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=test/")
    assert "Signature" not in repr(get) + repr(head)


@given(key=st.text(st.characters(exclude_categories=["Cs"]), min_size=1), version=st.text())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.usefixtures("allowed")
def test_an_object_is_where_boto3_finds_it(s3, key, version):
    asked = {"Bucket": "photos", "Key": key} | ({"VersionId": version} if version else {})
    expected = urlsplit(own.client().generate_presigned_url("get_object", asked))
    found = urlsplit(bucket_source.resolve(ObjectName("photos", key, version), "GET").url)
    assert (found.netloc, found.path) == (expected.netloc, expected.path)
    assert parse_qs(found.query).get("versionId") == parse_qs(expected.query).get("versionId")


@pytest.mark.parametrize("alias", ["company-photos.raw", "other", "", "photos/..", "PHOTOS"])
@pytest.mark.usefixtures("allowed")
def test_no_other_bucket_is(alias):
    for refused in (
        lambda: bucket_source.resolve(ObjectName(alias, "a.jpg"), "GET"),
        lambda: bucket_source.signed_listing(ListingName(alias)),
    ):
        with pytest.raises(RequestFailed) as failure:
            refused()
        assert (failure.value.status, failure.value.code) == (403, "BucketNotAllowed")


@pytest.mark.usefixtures("allowed")
def test_a_key_must_be_there():
    with pytest.raises(RequestFailed, match="key is empty"):
        bucket_source.resolve(ObjectName("photos", ""), "GET")


@pytest.mark.usefixtures("allowed")
def test_a_listing_is_signed_with_what_is_asked():
    url = urlsplit(
        bucket_source.signed_listing(ListingName("photos", {"prefix": "a/", "max-keys": "7"})).url
    )
    asked = parse_qs(url.query)
    assert (url.path, asked["prefix"], asked["max-keys"]) == ("/photos/", ["a/"], ["7"])
    assert asked["list-type"] == ["2"]


@settings(deadline=None)  # it makes a client of boto3's each time
@given(st.text(min_size=1))
def test_the_url_of_any_key_is_allowed(key):
    """Without an endpoint, as on AWS: what is signed must pass the check of where it leads."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
            patch.delenv(name, raising=False)
        patch.setenv("JITPREP_BUCKETS", "photos,dotted=company-photos.raw")
        patch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        config.cache_clear()
        own.client.cache_clear()
        bucket_source._place.cache_clear()
        try:
            for alias in ("photos", "dotted"):
                try:
                    url = bucket_source.resolve(ObjectName(alias, key), "GET").url
                except (
                    UnicodeEncodeError
                ):  # half of a pair of surrogates, which no request can hold
                    continue
                require_allowed(url)
                path = unquote(urlsplit(url).path)
                assert path.removeprefix("/company-photos.raw") == f"/{key}"
        finally:
            config.cache_clear()
            own.client.cache_clear()
            bucket_source._place.cache_clear()


@pytest.mark.parametrize(
    ("text", "folders"),
    [
        ("", ()),
        ("out", (S3Prefix("out"),)),
        ("out/", (S3Prefix("out"),)),
        ("out/a/b/, other", (S3Prefix("out", "a/b/"), S3Prefix("other"))),
    ],
)
def test_where_may_be_written(s3, monkeypatch, text, folders):
    monkeypatch.setenv("JITPREP_OUTPUTS", text)
    config.cache_clear()
    assert config().outputs == folders


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("JITPREP_BUCKETS", "Photos", "'Photos' is neither a bucket's name"),
        ("JITPREP_BUCKETS", "a=b=", "'' is neither a bucket's name"),
        ("JITPREP_OUTPUTS", "s3://out", "'s3:' is neither a bucket's name"),
        ("JITPREP_SPILL", "one,other", "must name one location, got 2"),
    ],
)
def test_a_wrong_setting_names_itself(s3, monkeypatch, name, text, words):
    monkeypatch.setenv(name, text)
    config.cache_clear()
    with pytest.raises(ValueError, match=words):
        config()
    monkeypatch.delenv(name)
    config.cache_clear()
