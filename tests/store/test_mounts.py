"""Mounts on a store: its keys, its listings and its versions, as the store itself has them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocessing import Pipeline
from tests.jitprep.server.running import Running, serving
from tests.photos import photo

from .conftest import Store
from .mounts import FILES, HARD, SIGNED, UNLISTED, mounted

SPEC = "resize:8,8/npy"
PREFIX = "pre/fix"
NOISE = ("pre/fixed/a.jpg", "pre/fix", "pre/fiw/a.jpg", "zzz.jpg", "a.jpg")


@pytest.fixture(scope="module")
def flat(make_bucket: Any, s3: Any) -> str:
    """A bucket with hard keys."""
    bucket = make_bucket("flat")
    for key in HARD:
        s3.put_object(Bucket=bucket, Key=key, Body=photo("rocket"))
    return str(bucket)


@pytest.fixture(scope="module")
def unlisted(make_bucket: Any, s3: Any) -> Iterator[str]:
    """A bucket with keys that stores list wrongly."""
    bucket = make_bucket("unlisted")
    for key in UNLISTED:
        for name in (key, f"{PREFIX}/{key}"):
            s3.put_object(Bucket=bucket, Key=name, Body=photo("rocket"))
    yield str(bucket)
    for key in UNLISTED:  # they cannot be found by listing them
        for name in (key, f"{PREFIX}/{key}"):
            s3.delete_object(Bucket=bucket, Key=name)


@pytest.fixture(scope="module")
def deep(make_bucket: Any, s3: Any) -> str:
    """A bucket with the same keys below a prefix, and others around it."""
    bucket = make_bucket("deep")
    for key in (*NOISE, *(f"{PREFIX}/{key}" for key in HARD)):
        s3.put_object(Bucket=bucket, Key=key, Body=photo("rocket"))
    return str(bucket)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    for key in FILES:
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_bytes(photo("rocket"))
    return folder


@pytest.fixture(scope="module")
def of_files(make_bucket: Any, s3: Any) -> str:
    """A bucket with the keys of the files."""
    bucket = make_bucket("files")
    for key in FILES:
        s3.put_object(Bucket=bucket, Key=key, Body=photo("rocket"))
    return str(bucket)


@pytest.fixture(scope="module")
def versions(make_bucket: Any, s3: Any) -> str:
    bucket = make_bucket("versions")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return str(bucket)


@pytest.fixture(scope="module")
def server(
    store: Store,
    flat: str,
    deep: str,
    unlisted: str,
    versions: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Running]:
    sources = {
        "flat": (f"s3://{flat}", SIGNED),
        "deep": (f"s3://{deep}/{PREFIX}", SIGNED),
        "odd": (f"s3://{unlisted}", SIGNED),
        "odd-below": (f"s3://{unlisted}/{PREFIX}", SIGNED),
        "versions": (f"s3://{versions}", SIGNED),
        "public": (f"s3://{flat}", "unsigned = true"),
        "refused": (
            f"s3://{flat}",
            'access_key_id = "env:STORE_ID"\nsecret_access_key = "env:WEBHOOK_TOKEN"',
        ),
        "gone": ("s3://no-such-bucket-here", SIGNED),
    }
    with mounted(tmp_path_factory.mktemp("server"), store, sources, SPEC) as running:
        yield running


@pytest.fixture(scope="module")
def folder_server(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    here = tmp_path_factory.mktemp("server")
    (here / "jitprep.toml").write_text(
        f'workers = 1\n[mounts.files]\nsource = "{files}"\npipeline = "{SPEC}"\nanonymous = true\n'
    )
    with serving(here, "--config", here / "jitprep.toml") as running:
        yield running


@pytest.fixture(scope="module")
def expected() -> bytes:
    return bytes(Pipeline.parse(SPEC).encode(photo("rocket")).body)


@pytest.mark.parametrize("key", HARD)
def test_every_key_is_read_and_none_for_another(server, expected, key):
    s3 = server.client()
    for mount in ("flat", "deep"):
        got = s3.get_object(Bucket=mount, Key=key)
        assert got["Body"].read() == expected
        assert s3.head_object(Bucket=mount, Key=key)["ETag"] == got["ETag"]
    for near in (f"{key}/", f"/{key}", f"{key}x", key.replace("/", "//")):
        if near not in HARD:
            with pytest.raises(ClientError) as caught:
                s3.get_object(Bucket="deep", Key=near)
            assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] in {400, 404}


@pytest.mark.parametrize("key", UNLISTED)
def test_keys_that_are_not_listed_are_read(server, expected, key):
    for mount in ("odd", "odd-below"):
        assert server.client().get_object(Bucket=mount, Key=key)["Body"].read() == expected


def test_a_listing_that_is_no_xml_is_said_to_be_none(server):
    for mount in ("odd", "odd-below"):
        answer = server.ask(f"/{mount}?list-type=2")
        assert answer.error == (400, "InvalidListing")
        assert b"encoding-type=url" in answer.body


def test_what_is_around_a_prefix_cannot_be_reached(server):
    for path in ("../../zzz.jpg", "..%2F..%2Fzzz.jpg", "/../zzz.jpg", "../fixed/a.jpg"):
        assert server.ask(f"/deep/{path}").error == (404, "NoSuchKey")
    listed = server.client().list_objects_v2(Bucket="deep")["Contents"]
    assert not {one["Key"] for one in listed} - set(HARD)


def page(client: Any, version: int, bucket: str, **asked: Any) -> dict[str, Any]:
    """Return a page without what a pipeline or a bucket changes."""
    call = client.list_objects_v2 if version == 2 else client.list_objects
    answer = call(Bucket=bucket, **asked)
    answer["Contents"] = [one["Key"] for one in answer.get("Contents", ())]
    answer["CommonPrefixes"] = [one["Prefix"] for one in answer.get("CommonPrefixes", ())]
    for name in ("Name", "ResponseMetadata", "NextContinuationToken", "ContinuationToken"):
        answer.pop(name, None)
    answer.pop("RequestCharged", None)
    return dict(answer)


def pages(client: Any, version: int, bucket: str, **asked: Any) -> list[tuple[Any, Any]]:
    """Return the keys and groups of each page, by the client's own paginator."""
    method = "list_objects_v2" if version == 2 else "list_objects"
    size = {"PageSize": asked.pop("MaxKeys")}
    found = client.get_paginator(method).paginate(Bucket=bucket, PaginationConfig=size, **asked)
    return [
        (
            [one["Key"] for one in one_page.get("Contents", ())],
            [one["Prefix"] for one in one_page.get("CommonPrefixes", ())],
        )
        for one_page in found
    ]


@st.composite
def asked_of(draw: st.DrawFn, keys: tuple[str, ...]) -> dict[str, Any]:
    """Parameters of a listing; most select something."""
    parts = sorted({key[:length] for key in keys for length in range(len(key) + 1)})
    asked: dict[str, Any] = {"MaxKeys": draw(st.integers(1, 12))}
    if draw(st.booleans()):
        asked["Prefix"] = draw(st.sampled_from(parts))
    if draw(st.booleans()):
        asked["Delimiter"] = draw(st.sampled_from(["/", "/", "a", ".jpg", "//"]))
    return asked


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("mount", ["flat", "deep"])
@settings(max_examples=4)
@given(asked=asked_of(HARD))
def test_a_mount_lists_what_the_store_lists(server, s3, flat, version, mount, asked):
    ours = server.client()
    assert pages(ours, version, mount, **asked) == pages(s3, version, flat, **asked)
    assert page(ours, version, mount, **asked) == page(s3, version, flat, **asked)


@pytest.mark.parametrize("version", [1, 2])
@settings(max_examples=4)
@given(asked=asked_of(FILES))
def test_a_folder_lists_what_the_store_lists(folder_server, s3, of_files, version, asked):
    ours = folder_server.client()
    assert pages(ours, version, "files", **asked) == pages(s3, version, of_files, **asked)


@settings(max_examples=4)
@given(after=st.sampled_from([*HARD, "", "b", "zz"]), most=st.integers(1, 12))
def test_a_listing_begins_after_any_key(server, folder_server, s3, flat, of_files, after, most):
    for ours, mount, bucket in (
        (server, "flat", flat),
        (server, "deep", flat),
        (folder_server, "files", of_files),
    ):
        for version, name in ((1, "Marker"), (2, "StartAfter")):
            asked = {name: after, "MaxKeys": most}
            expected = page(s3, version, bucket, **asked)
            found = page(ours.client(), version, mount, **asked)
            for member in ("Contents", "IsTruncated", "MaxKeys"):
                assert found[member] == expected[member], (mount, version, asked)


def test_a_listing_has_the_sizes_and_etags_of_gets(server, folder_server, expected):
    for ours, mount in ((server, "flat"), (server, "deep"), (folder_server, "files")):
        s3 = ours.client()
        for listed in s3.list_objects_v2(Bucket=mount, MaxKeys=8)["Contents"]:
            got = s3.head_object(Bucket=mount, Key=listed["Key"])
            assert (listed["Size"], listed["ETag"]) == (len(expected), got["ETag"])
            assert listed["LastModified"].replace(microsecond=0) == got["LastModified"]


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("max-keys=-1", (400, "InvalidArgument")),
        ("max-keys=a", (400, "InvalidArgument")),
        ("list-type=2&continuation-token=nonsense%FF", None),
        ("list-type=3", (400, "InvalidArgument")),
        ("list-type=2&marker=a", (501, "NotImplemented")),
        ("start-after=a", (501, "NotImplemented")),
    ],
)
def test_listings_that_cannot_be_are_refused(server, folder_server, query, answer):
    for ours, mount in ((server, "flat"), (folder_server, "files")):
        found = ours.ask(f"/{mount}?{query}").error
        assert found == answer if answer else found[0] in {200, 400}


def test_no_keys_are_listed_where_none_are_asked_for(server, folder_server):
    for ours, mount in ((server, "flat"), (server, "deep"), (folder_server, "files")):
        answer = ours.client().list_objects_v2(Bucket=mount, MaxKeys=0)
        assert (answer["KeyCount"], answer["IsTruncated"]) == (0, False)


def test_versions_are_read_by_their_ids(server, s3, versions):
    names = ("rocket", "coffee")
    for key in ("k", "a//k"):
        ids = [
            s3.put_object(Bucket=versions, Key=key, Body=photo(name))["VersionId"] for name in names
        ]
        ours = server.client()
        for version, name in zip(ids, names, strict=True):
            made = bytes(Pipeline.parse(SPEC).encode(photo(name)).body)
            got = ours.get_object(Bucket="versions", Key=key, VersionId=version)
            assert (got["Body"].read(), got["VersionId"]) == (made, version)
            told = ours.head_object(Bucket="versions", Key=key, VersionId=version)
            assert (told["ETag"], told["VersionId"]) == (got["ETag"], version)
        s3.delete_object(Bucket=versions, Key=key)
        with pytest.raises(ClientError) as caught:
            ours.get_object(Bucket="versions", Key=key)
        assert caught.value.response["Error"]["Code"] == "NoSuchKey"
        assert ours.get_object(Bucket="versions", Key=key, VersionId=ids[0])["ETag"]


def test_a_public_bucket_needs_no_credentials(server, s3, flat, expected):
    assert server.ask("/public/plain.jpg").status == 403
    s3.put_object_acl(Bucket=flat, Key="plain.jpg", ACL="public-read")
    s3.put_object_acl(Bucket=flat, Key="a//b", ACL="public-read")
    assert server.ask("/public/plain.jpg").body == expected
    assert server.ask("/public/a//b").body == expected
    assert server.ask("/public?list-type=2").status == 403
    s3.put_bucket_acl(Bucket=flat, ACL="public-read")
    assert b"<Key>plain.jpg</Key>" in server.ask("/public?list-type=2&prefix=plain").body


@pytest.mark.parametrize("mount", ["refused", "gone"])
def test_what_the_store_refuses_is_said_to_be_its_refusal(server, store, mount):
    for target in (f"/{mount}/plain.jpg", f"/{mount}/{quote('a//b')}", f"/{mount}?list-type=2"):
        answer = server.ask(target)
        assert answer.error == (403, "SourceRefused")
        assert store.access_key.encode() not in answer.body.split()
        assert b"SignatureProvided" not in answer.body and b"StringToSign" not in answer.body
