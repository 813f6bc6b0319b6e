"""Names in S3: buckets, and a bucket with a key prefix."""

from __future__ import annotations

import pytest

from jitprep.service.s3_names import BUCKET_NAME, S3Prefix


@pytest.mark.parametrize("name", ["abc", "a-b.c", "a" * 63, "0bucket9"])
def test_bucket_names(name: str) -> None:
    assert BUCKET_NAME.fullmatch(name)


@pytest.mark.parametrize("name", ["", "ab", "a" * 64, "-abc", "abc.", "Abc", "a_b", "a/b", "abc\n"])
def test_what_is_not_a_bucket_name(name: str) -> None:
    assert not BUCKET_NAME.fullmatch(name)


@pytest.mark.parametrize(
    ("text", "folder"),
    [
        ("out", S3Prefix("out")),
        ("out/", S3Prefix("out")),
        ("out//", S3Prefix("out")),
        ("out/a/b", S3Prefix("out", "a/b/")),
        ("out/a/b//", S3Prefix("out", "a/b/")),
    ],
)
def test_folders(text: str, folder: S3Prefix) -> None:
    assert S3Prefix.parse(text).folder == folder
    assert S3Prefix.from_url(f"s3://{text}").folder == folder
    assert S3Prefix.from_url(str(folder)) == folder


def test_a_prefix_is_taken_as_it_is() -> None:
    assert S3Prefix.from_url("s3://photos/a b/é?x=1#y\n").prefix == "a b/é?x=1#y\n"


@pytest.mark.parametrize(
    "url", ["photos", "s3:/photos", "s3://", "s3://A", "s3://ab", "S3://photos"]
)
def test_what_is_not_a_url_of_s3(url: str) -> None:
    with pytest.raises(ValueError, match="s3://bucket/prefix, got"):
        S3Prefix.from_url(url)


def test_a_prefix_contains_what_is_below_it() -> None:
    below = S3Prefix("out", "a/b/")
    assert below in S3Prefix("out", "a/")
    assert below in S3Prefix("out")
    assert below not in S3Prefix("out", "b/")
    assert below not in S3Prefix("other")
