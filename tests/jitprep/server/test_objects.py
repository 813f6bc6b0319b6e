"""Objects over S3's read API: GetObject and HeadObject, whole, in parts and under conditions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import example, given
from hypothesis import strategies as st

from jitprep.server.configuration.folder_config import mount_name
from jitprep.service.config import config
from jitprep.service.errors import RequestFailed
from jitprep.service.http.ranges import PART_BYTES, ByteWindow, parse_part
from preprocessing import Pipeline

from .running import Running, eventually, read_answer, serving

SPECS = {
    "fixed": "resize:16,16/npy",
    "unknown": "grayscale/resize:40/png",
    "parts": "resize:1000,1100/normalize:imagenet/npy",
    "drawn": "random_resized_crop:8/npy",
}
KEYS = ("rocket.jpg", "coffee.jpg")


@pytest.fixture(scope="module")
def server(photographs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    here = tmp_path_factory.mktemp("server")
    (here / "jitprep.toml").write_text(
        "workers = 1\n"
        + "".join(
            f'[mounts.{name}]\nsource = "{photographs}"\npipeline = "{spec}"\nanonymous = true\n'
            f"overrides = {['seed', 'pipeline'] if name == 'drawn' else []}\n"
            for name, spec in SPECS.items()
        )
    )
    with serving(here, "--config", here / "jitprep.toml") as running:
        yield running


@pytest.fixture(scope="module")
def s3(server) -> Any:
    return server.client()


@pytest.fixture(scope="module")
def wholes(server) -> dict[str, Any]:
    """Each mount's answer for one key."""
    return {name: server.ask(f"/{name}/coffee.jpg") for name in SPECS}


def refused(call: Any, **asked: Any) -> tuple[int, str]:
    with pytest.raises(ClientError) as caught:
        call(**asked)
    answer = caught.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


@pytest.mark.parametrize("mount", ["fixed", "unknown", "parts"])
@pytest.mark.parametrize("key", KEYS)
def test_an_object_is_what_the_library_makes_of_the_file(s3, photographs, mount, key):
    made = Pipeline.parse(SPECS[mount]).encode((photographs / key).read_bytes())
    got = s3.get_object(Bucket=mount, Key=key)
    assert got["Body"].read() == bytes(made.body)
    assert got["ContentType"] == made.content_type
    assert got["Metadata"]["jitprep-pipeline"] == SPECS[mount]


@pytest.mark.parametrize("mount", SPECS)
def test_head_says_what_get_gives(s3, mount):
    for key in KEYS:
        head, get = (call(Bucket=mount, Key=key) for call in (s3.head_object, s3.get_object))
        body = get.pop("Body").read()
        assert head["ContentLength"] == len(body)
        # HEAD has the geometry only where it must read the original.
        geometry = get["Metadata"].pop("jitprep-geometry")
        assert head["Metadata"].pop("jitprep-geometry", geometry) == geometry
        for name in ("ETag", "LastModified", "ContentType", "AcceptRanges", "Metadata"):
            assert head[name] == get[name], name


def test_the_last_change_is_the_files(s3, photographs):
    changed = (photographs / "rocket.jpg").stat().st_mtime
    told = s3.head_object(Bucket="fixed", Key="rocket.jpg")["LastModified"]
    assert told == datetime.fromtimestamp(int(changed), UTC)


def selected(text: str, total: int) -> ByteWindow | RequestFailed:
    try:
        part = parse_part(text, None)
        assert part is not None
        return part.of(total)
    except RequestFailed as failure:
        return failure


RANGES = st.one_of(
    st.builds("bytes={}-{}".format, st.integers(0, 2000), st.integers(0, 2000)),
    st.builds("bytes={}-".format, st.integers(0, 2000)),
    st.builds("bytes=-{}".format, st.integers(0, 2000)),
    st.builds("bytes={}-{}".format, st.integers(0, 10**20), st.integers(0, 10**20)),
    st.sampled_from(["bytes=0-0,2-3", "lines=0-1", "bytes", "bytes=-", "bytes=a-b", "BYTES=0-1"]),
)


@pytest.mark.parametrize("mount", ["fixed", "unknown"])
@given(text=RANGES)
@example(text="bytes=0-")
@example(text="bytes=-0")
def test_a_range_is_that_slice_of_the_whole_or_refused_alike(server, wholes, mount, text):
    whole = wholes[mount]
    got, told = (
        server.ask(f"/{mount}/coffee.jpg", method, {"Range": text}) for method in ("GET", "HEAD")
    )
    window = selected(text, len(whole.body))
    if isinstance(window, RequestFailed):
        assert got.error == (window.status, window.code)
        assert (told.status, told.body) == (window.status, b"")
        return
    assert (got.status, told.status) == (206, 206)
    assert got.body == whole.body[window.start : window.stop]
    assert got.headers["content-range"] == told.headers["content-range"] == window.content_range
    assert got.headers["content-length"] == told.headers["content-length"] == str(len(got.body))
    assert got.headers["etag"] == whole.headers["etag"]


@pytest.mark.parametrize("number", [0, 1, 2, 3, 4, 10_000, 10_001])
def test_a_part_is_five_mebibytes_of_the_whole(s3, wholes, number):
    whole = wholes["parts"].body
    assert len(whole) > 2 * PART_BYTES
    asked = {"Bucket": "parts", "Key": "coffee.jpg", "PartNumber": number}
    if not 1 <= number <= 10_000:
        assert refused(s3.get_object, **asked) == (400, "InvalidArgument")
        assert refused(s3.head_object, **asked)[0] == 400
    elif number > 3:
        assert refused(s3.get_object, **asked) == (416, "InvalidPartNumber")
        assert refused(s3.head_object, **asked)[0] == 416
    else:
        got, told = (call(**asked) for call in (s3.get_object, s3.head_object))
        assert got["Body"].read() == whole[(number - 1) * PART_BYTES : number * PART_BYTES]
        assert got["PartsCount"] == told["PartsCount"] == 3
        assert got["ContentLength"] == told["ContentLength"]


def test_a_download_in_parallel_ranges_is_the_whole(server, wholes, tmp_path):
    file = tmp_path / "coffee"
    server.client(max_pool_connections=4).download_file("parts", "coffee.jpg", str(file))
    assert file.read_bytes() == wholes["parts"].body


@pytest.mark.parametrize("mount", ["fixed", "unknown"])
def test_conditions_are_decided_as_s3_does(s3, mount):
    asked = {"Bucket": mount, "Key": "coffee.jpg"}
    told = s3.head_object(**asked)
    etag, changed = told["ETag"], told["LastModified"]
    before, after = changed - timedelta(days=1), changed + timedelta(days=1)
    for call in (s3.get_object, s3.head_object):
        for good in (
            {"IfMatch": etag},
            {"IfMatch": "*"},
            {"IfNoneMatch": '"other"'},
            {"IfModifiedSince": before},
            {"IfUnmodifiedSince": after},
            {"IfMatch": etag, "IfUnmodifiedSince": before},
            {"IfNoneMatch": '"other"', "IfModifiedSince": after},
        ):
            assert call(**asked, **good)["ETag"] == etag, good
        for unmodified in ({"IfNoneMatch": etag}, {"IfModifiedSince": changed}):
            assert refused(call, **asked, **unmodified)[0] == 304
        for failed in ({"IfMatch": '"other"'}, {"IfUnmodifiedSince": before}):
            assert refused(call, **asked, **failed)[0] == 412
    assert refused(s3.get_object, **asked, IfMatch='"other"')[1] == "PreconditionFailed"


def test_an_unmodified_answer_has_the_validators_and_no_body(server, wholes):
    etag = wholes["fixed"].headers["etag"]
    answer = server.ask("/fixed/coffee.jpg", headers={"If-None-Match": etag})
    assert (answer.status, answer.headers["etag"], answer.body) == (304, etag, b"")
    assert "content-length" not in answer.headers and "content-type" not in answer.headers


def test_a_checksum_is_sent_with_a_whole_object_that_asks_for_it(server, s3):
    read = s3.get_object(Bucket="fixed", Key="coffee.jpg", ChecksumMode="ENABLED")
    assert read["ChecksumCRC32"]
    assert read["Body"].read()  # which raises where they differ
    part = s3.get_object(
        Bucket="fixed", Key="coffee.jpg", ChecksumMode="ENABLED", Range="bytes=0-9"
    )
    assert "ChecksumCRC32" not in part
    assert "x-amz-checksum-crc32" not in server.ask("/fixed/coffee.jpg").headers


def test_a_seed_draws_anew_and_is_part_of_the_etag(server):
    plain, zero, one, again = (
        server.ask(f"/drawn/coffee.jpg{query}") for query in ("", "?seed=0", "?seed=1", "?seed=1")
    )
    assert (plain.body, plain.headers["etag"]) == (zero.body, zero.headers["etag"])
    assert (one.body, one.headers["etag"]) == (again.body, again.headers["etag"])
    assert (one.body, one.headers["etag"]) != (zero.body, zero.headers["etag"])
    by_header = server.ask("/drawn/coffee.jpg", headers={"x-jitprep-seed": "1"})
    assert by_header.body == one.body
    assert server.ask("/drawn/coffee.jpg?seed=-1").error == (400, "InvalidSeed")


def test_a_pipeline_is_chosen_by_a_presets_name_where_the_mount_allows_it(server, photographs):
    original = (photographs / "coffee.jpg").read_bytes()
    answer = server.ask("/drawn/coffee.jpg?pipeline=grayscale-224")
    pipeline = Pipeline.parse(config().presets["grayscale-224"])
    assert answer.body == bytes(pipeline.encode(original).body)
    assert answer.headers["x-amz-meta-jitprep-pipeline"] == str(pipeline)
    assert server.ask("/drawn/coffee.jpg?pipeline=none").error == (400, "UnknownPipeline")
    for query in ("seed=1", "pipeline=grayscale-224"):
        assert server.ask(f"/fixed/coffee.jpg?{query}").error == (400, "OverrideNotAllowed")


@pytest.mark.parametrize(
    ("target", "answer"),
    [
        ("/fixed/none.jpg", (404, "NoSuchKey")),
        ("/fixed/coffee.jpg/", (404, "NoSuchKey")),
        ("/fixed/COFFEE.JPG", (404, "NoSuchKey")),
        ("/fixed/../fixed/coffee.jpg", (404, "NoSuchKey")),
        ("/fixed/%2e%2e/%2e%2e/etc/passwd", (404, "NoSuchKey")),
        ("/fixed//coffee.jpg", (404, "NoSuchKey")),
        ("/fixed/./coffee.jpg", (404, "NoSuchKey")),
        ("/fixed/a%00b", (404, "NoSuchKey")),
        ("/fixed/%ff", (400, "InvalidURI")),
        ("/none/coffee.jpg", (403, "AccessDenied")),
        ("/fixed/coffee.jpg?versionId=1", (501, "NotImplemented")),
    ],
)
def test_what_is_not_there_is_refused_alike_by_get_and_head(server, target, answer):
    assert server.ask(target).error == answer
    told = server.ask(target, "HEAD")
    assert (told.status, told.body) == (answer[0], b"")


def test_a_file_that_changes_gets_another_etag(tmp_path, photographs):
    (tmp_path / "in").mkdir()
    file = tmp_path / "in/a.jpg"
    file.write_bytes((photographs / "rocket.jpg").read_bytes())
    with serving(tmp_path, tmp_path / "in", "--pipeline", "resize:8,8/npy") as server:
        first = server.ask("/files/a.jpg")
        file.write_bytes((photographs / "coffee.jpg").read_bytes())
        second = server.ask("/files/a.jpg")
        assert first.headers["etag"] != second.headers["etag"]
        assert first.body != second.body
        file.write_bytes(b"")
        assert server.ask("/files/a.jpg").error == (400, "EmptyObject")
        file.write_bytes(b"%PDF-1.7 of no kind")
        assert server.ask("/files/a.jpg").error == (400, "UnknownFormat")


def test_requests_of_one_connection_are_answered_in_order(server, wholes):
    connection = server.connection()
    for mount in (*SPECS, *SPECS):
        connection.request("GET", f"/{mount}/coffee.jpg")
        assert connection.getresponse().read() == wholes[mount].body
    connection.close()


def test_requests_are_answered_and_counted_though_their_log_cannot_be_written(
    photographs, tmp_path
):
    (tmp_path / "server.log").symlink_to("/dev/full")
    original = (photographs / "rocket.jpg").read_bytes()
    expected = Pipeline.parse(SPECS["fixed"]).encode(original).body
    with serving(tmp_path, photographs, "--pipeline", SPECS["fixed"]) as server:
        with closing(server.connection()) as connection:
            for _ in range(3):
                connection.request("GET", f"/{mount_name(photographs)}/rocket.jpg")
                assert read_answer(connection).body == expected
        eventually(lambda: server.metric("jitprep_requests_total", status="200") == 3)
        assert "Traceback" not in server.errors_file.read_text()
