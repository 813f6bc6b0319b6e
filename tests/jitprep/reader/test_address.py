"""Addresses and options: what opens, and what is refused with the reason."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitprep.reader import CannotOpen, open_reader
from jitprep.reader.address import (
    FORMS,
    AccessPointAddress,
    FolderAddress,
    FunctionAddress,
    StoreAddress,
    UrlAddress,
    parse_address,
)
from jitprep.service.config import config
from jitprep.service.source.stores import SourceUrl
from preprocessing import Pipeline

POINT = "arn:aws:s3-object-lambda:eu-west-1:123456789012:accesspoint/crops"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:preprocess:live"
URL = "https://abc123.lambda-url.eu-west-1.on.aws/photos"
API = "https://abc123.execute-api.eu-west-1.amazonaws.com/stage/photos"
LOCAL = "http://127.0.0.1:9000/_lambda-url/preprocess/photos"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (POINT, AccessPointAddress(POINT, "eu-west-1", transforms=True)),
        ("s3://crops-x1--ol-s3", AccessPointAddress("crops-x1--ol-s3", None, transforms=True)),
        ("s3://results", AccessPointAddress("results", None, transforms=False)),
        (URL, UrlAddress(URL, "lambda", "eu-west-1")),
        (f"{URL}/", UrlAddress(URL, "lambda", "eu-west-1")),
        (API, UrlAddress(API, "execute-api", "eu-west-1")),
        (LOCAL, UrlAddress(LOCAL, "lambda", None)),
        (
            "https://cdn.example.com/photos",
            UrlAddress("https://cdn.example.com/photos", None, None),
        ),
        ("lambda:preprocess/photos", FunctionAddress("preprocess", "photos", None)),
        ("lambda:preprocess:live/photos", FunctionAddress("preprocess:live", "photos", None)),
        (f"lambda:{FUNCTION}/photos", FunctionAddress(FUNCTION, "photos", "us-east-1")),
        ("lambda+stream:f/photos", FunctionAddress("f", "photos", None, streamed=True)),
        ("file:photos/train", FolderAddress(Path("photos/train"))),
        ("file:/photos", FolderAddress(Path("/photos"))),
        ("file:///photos", FolderAddress(Path("/photos"))),
        ("s3://bucket/", StoreAddress(SourceUrl("s3", "bucket"))),
        ("s3://bucket/a/b", StoreAddress(SourceUrl("s3", "bucket", "a/b/"))),
        ("gs://bucket", StoreAddress(SourceUrl("gs", "bucket"))),
        ("az://container/a/", StoreAddress(SourceUrl("az", "container", "a/"))),
    ],
)
def test_each_form_is_an_address(text, address):
    assert parse_address(text) == address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("s3://photos", StoreAddress(SourceUrl("s3", "photos"))),
        ("https://host:8443/a%20b", StoreAddress(SourceUrl("https", "host:8443", "a b/"))),
        # These lead to a function, whose pipeline nobody else can choose.
        ("s3://crops-x1--ol-s3", AccessPointAddress("crops-x1--ol-s3", None, transforms=True)),
        (URL, UrlAddress(URL, "lambda", "eu-west-1")),
        (LOCAL, UrlAddress(LOCAL, "lambda", None)),
    ],
)
def test_with_a_pipeline_a_bucket_or_a_url_holds_originals(text, address):
    assert parse_address(text, with_pipeline=True) == address


@pytest.mark.parametrize(
    "text",
    [
        "photos",
        "",
        "file:",
        "file://host/photos",
        "s3:bucket",
        "s3:///prefix",
        "s3://crops-x1--ol-s3/prefix",
        "gs:bucket/prefix",
        "az://",
        "s3://UPPER",
        "lambda:preprocess",
        "lambda:/photos",
        "arn:aws:s3:us-east-1:123456789012:accesspoint/plain",
        "ftp://host/photos",
    ],
)
def test_an_error_lists_the_valid_forms(text):
    with pytest.raises(CannotOpen) as caught:
        parse_address(text)
    assert FORMS in str(caught.value)
    assert ("for a folder write 'file:photos'" in str(caught.value)) == (text == "photos")


@pytest.mark.parametrize("text", [URL.removesuffix("/photos"), LOCAL.removesuffix("/photos")])
def test_a_url_names_a_bucket(text):
    with pytest.raises(CannotOpen, match="does not name a bucket"):
        parse_address(text)


@pytest.mark.parametrize(
    "text", ["https://user:hunter2@host/photos", "https://host/photos?token=hunter2", "https://[/x"]
)
def test_a_secret_in_a_url_is_refused_and_not_repeated(text):
    with pytest.raises(CannotOpen) as caught:
        parse_address(text)
    assert "hunter2" not in str(caught.value)


@given(
    st.text()
    | st.tuples(
        st.sampled_from(["s3://", "gs://", "https://", "lambda:", "file:", "arn:aws:"]), st.text()
    ).map("".join)
)
def test_any_text_is_an_address_or_is_refused(text):
    for with_pipeline in (False, True):
        with suppress(CannotOpen):
            parse_address(text, with_pipeline=with_pipeline)


SPEC = "resize:8,8/npy"


@pytest.mark.parametrize(
    ("address", "options", "words"),
    [
        (POINT, {"pipeline": SPEC}, "the access point chose"),
        (POINT, {"preset": "imagenet"}, "the access point chose"),
        (URL, {"pipeline": SPEC}, "preset"),
        (URL, {"endpoint_url": "http://127.0.0.1:9000"}, "endpoint_url"),
        ("file:.", {"preset": "imagnet"}, "no preset 'imagnet', only clean-text, clip"),
        ("file:.", {"preset": "imagenet", "pipeline": SPEC}, "one of them"),
        ("file:.", {"endpoint_url": "http://127.0.0.1:9000"}, "endpoint_url"),
        ("lambda:f/b", {"pipeline": SPEC, "preset": "imagenet"}, "one of them"),
        ("s3://results", {"seed": 1}, "no seed changes"),
        ("s3://results", {"preset": "imagenet"}, "write s3://results/ to transform originals"),
        ("s3://photos/train", {}, "s3://photos/train/ holds originals; give the pipeline="),
        ("gs://photos", {}, "holds originals"),
        ("s3://photos/", {"preset": "imagnet"}, "no preset 'imagnet', only clean-text, clip"),
        (
            "s3://photos",
            {"pipeline": SPEC, "endpoint_url": "minio:9000"},
            "endpoint must be the URL",
        ),
        ("gs://photos", {"pipeline": SPEC, "endpoint_url": "http://a"}, "is for s3:// addresses"),
        ("az://photos", {"pipeline": SPEC}, "Account must be specified"),
        ("s3://photos", {"pipeline": SPEC, "threads": 0}, "thread"),
        ("file:.", {"seed": 1}, "no seed changes"),
        ("file:nowhere-at-all", {}, "is not a folder"),
        ("file:.", {"pipeline": "resise:8"}, "did you mean 'resize'"),
        ("lambda:f/b", {"seed": -1}, "must be an integer"),
        ("lambda:f/b", {"seed": 2**63}, "must be an integer"),
        ("lambda:f/b", {"seed": 1.5}, "must be an integer"),
        ("lambda:f/b", {"threads": 0}, "thread"),
        ("lambda:f/b", {"endpoint_url": "nonsense"}, "nonsense"),
    ],
)
def test_an_unsupported_option_is_refused(address, options, words):
    with pytest.raises(CannotOpen, match=words):
        open_reader(address, **options).get("key")


def test_a_pipeline_in_any_spelling_is_one_reader():
    made = Pipeline.parse(SPEC)
    readers = {open_reader("file:.", pipeline=p) for p in (SPEC, made, made.document)}
    assert len(readers) == 1


def test_a_folder_takes_the_functions_presets(monkeypatch, tmp_path):
    assert open_reader("file:.", preset="grayscale-224") == open_reader(
        "file:.", pipeline="grayscale/resize:224,224/png"
    )
    (tmp_path / "presets.toml").write_text('default = "x"\n[presets]\nx = "resise:8"\ny = 3\n')
    monkeypatch.setenv("JITPREP_PRESETS", str(tmp_path / "presets.toml"))
    config.cache_clear()
    for name, words in (("x", "did you mean 'resize'"), ("y", "preset y"), ("z", "only x, y")):
        with pytest.raises(CannotOpen, match=words):
            open_reader("file:.", preset=name)
    (tmp_path / "presets.toml").unlink()
    config.cache_clear()
    with pytest.raises(CannotOpen, match="presets file"):
        open_reader("file:.", preset="x")
    config.cache_clear()


def test_a_seed_makes_another_reader_and_leaves_this_one():
    reader = open_reader("lambda:f/b", pipeline=SPEC)
    assert (reader.with_seed(3).seed, reader.seed) == (3, 0)
    with pytest.raises(CannotOpen):
        open_reader("s3://results").with_seed(1)


def test_a_missing_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "jitprep.reader.doors.access_point", None)
    with pytest.raises(CannotOpen, match=r"s3://photos needs .*: pip install 'jitprep\[reader\]'"):
        open_reader("s3://photos")


def test_what_a_store_needs_is_missed_when_its_reader_is_made():
    program = (
        "import sys; sys.modules['obstore'] = None; from jitprep import open_reader\n"
        f"try: open_reader('gs://photos', pipeline={SPEC!r})\nexcept ValueError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == (
        "gs://photos needs obstore, which is not installed: pip install 'jitprep[reader]'\n"
    )


def test_each_door_has_a_number_of_threads_of_its_own():
    assert open_reader("file:.", pipeline=SPEC).threads == 1
    assert open_reader("s3://photos", pipeline=SPEC).threads == 32
    assert open_reader("lambda:f/b", pipeline=SPEC).threads == 8
    assert open_reader("file:.", pipeline=SPEC, threads=3).threads == 3
