"""Files of a folder are read as the reader of the folder reads them, and nothing else is."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import socket
import time
from pathlib import Path

import numpy as np
import pytest

from jitprep.reader import open_reader
from jitprep.service import read
from jitprep.service.config import config
from jitprep.service.deadline import Deadline, room_for_original
from jitprep.service.errors import RequestFailed
from jitprep.service.http.conditions import Conditions
from jitprep.service.messages import ObjectRequest, PipelineChoice
from jitprep.service.request_metrics import RequestMetrics
from jitprep.service.results.derived_object import result_cache
from jitprep.service.source.opening import head_original, open_original, open_ranges
from jitprep.service.source.ranged_source import FIRST_BYTES, MOST_REQUESTS, Ranges
from jitprep.service.source.stored.folder import Folder
from jitprep.service.source.stored_object import StoredObject
from preprocessing import Pipeline
from tests.media import clip as film
from tests.photos import photo
from tests.preprocessing.support.clips import clip

RANDOM = "random_resized_crop:32/random_horizontal_flip/npy"


@pytest.fixture(autouse=True)
def forget():
    config.cache_clear()
    result_cache.cache_clear()


def soon() -> Deadline:
    return Deadline(time.monotonic() + 60)


def stored(top: Path, key: str, version: str | None = None) -> StoredObject:
    return StoredObject(Folder(top), key, key, f"file://{top}", version)


def refused(source: StoredObject) -> RequestFailed:
    """What each of the three ways to read it answers."""
    failures = []
    for ask in (open_original, open_ranges):
        with pytest.raises(RequestFailed) as caught, ask(source, soon()):
            pass
        failures.append(caught.value)
    with pytest.raises(RequestFailed) as caught:
        head_original(source, soon())
    failures.append(caught.value)
    assert len({(one.status, one.code, one.message) for one in failures}) == 1
    return failures[0]


def get(source: StoredObject, spec: str, **asked) -> read.Response:
    request = ObjectRequest("GET", source.key, source, **asked)
    return read.get(
        request, source, Pipeline.parse(spec), config().policy, soon(), RequestMetrics()
    )


def head(source: StoredObject, spec: str, deadline: Deadline) -> read.Response:
    request, pipeline = ObjectRequest("HEAD", source.key, source), Pipeline.parse(spec)
    return read.head(
        request, lambda _: source, pipeline, config().policy, deadline, RequestMetrics()
    )


@pytest.mark.parametrize("seed", [0, 7])
def test_random_draws_are_those_of_the_folders_reader(tmp_path, seed):
    (tmp_path / "a b").mkdir()
    (tmp_path / "a b/photo.jpg").write_bytes(photo("rocket"))
    body = get(stored(tmp_path, "a b/photo.jpg"), RANDOM, choice=PipelineChoice(seed=seed)).body
    reader = open_reader(f"file:{tmp_path}", pipeline=RANDOM, seed=seed)
    expected = reader.get("a b/photo.jpg")
    np.testing.assert_array_equal(np.load(io.BytesIO(bytes(body))), expected)


def test_a_head_says_what_a_get_says_without_opening_the_file(tmp_path, monkeypatch):
    (tmp_path / "a.jpg").write_bytes(photo("rocket"))
    source = stored(tmp_path, "a.jpg")
    got = get(source, "resize:8,8/npy")
    monkeypatch.setattr(os, "open", None)
    asked = head(source, "resize:8,8/npy", soon())
    # The geometry takes reading the original.
    said = {name: got.headers[name] for name in got.headers if not name.endswith("-geometry")}
    assert {**asked.headers, "Content-Length": None} == {**said, "Content-Length": None}
    assert int(asked.headers["Content-Length"]) == len(got.body)


def test_a_condition_is_answered_without_reading(tmp_path, monkeypatch):
    (tmp_path / "a.jpg").write_bytes(photo("rocket"))
    source = stored(tmp_path, "a.jpg")
    etag = get(source, "resize:8,8/npy").headers["ETag"]
    monkeypatch.setattr(os, "pread", None)
    conditions = Conditions.of({"if-none-match": etag})
    assert get(source, "resize:8,8/npy", conditions=conditions).status == 304


def test_a_head_that_needs_the_bytes_reads_them(tmp_path):
    (tmp_path / "a.jpg").write_bytes(photo("rocket"))
    source = stored(tmp_path, "a.jpg")
    request = ObjectRequest("HEAD", "a.jpg", source)
    pipeline = Pipeline.parse("resize:8/jpeg")
    head = read.head(request, lambda _: source, pipeline, config().policy, soon(), RequestMetrics())
    assert int(head.headers["Content-Length"]) == len(get(source, "resize:8/jpeg").body)


@pytest.mark.parametrize("key", ["no.jpg", "sub", "sub/", "a.jpg/b", "", "../a.jpg", "./a.jpg",
                                 "sub//b", "a\0b", "\udcff", "x" * 300])  # fmt: skip
def test_what_is_not_there_is_no_such_key(tmp_path, key):
    (tmp_path / "top/sub").mkdir(parents=True)
    (tmp_path / "top/a.jpg").write_bytes(b"x")
    (tmp_path / "a.jpg").write_bytes(b"x")
    failure = refused(stored(tmp_path / "top", key))
    assert (failure.status, failure.code) == (404, "NoSuchKey")
    assert str(tmp_path) not in failure.message


def test_no_link_leads_out_and_links_within_are_followed(tmp_path):
    top = tmp_path / "top"
    top.mkdir()
    (tmp_path / "secret").write_bytes(b"x")
    (top / "a").write_bytes(b"inside")
    (top / "out").symlink_to("../secret")
    (top / "up").symlink_to("..")
    (top / "within").symlink_to("a")
    for key in ("out", "up/secret", "up/top/a"):
        failure = refused(stored(top, key))
        assert (failure.status, failure.code) == (403, "SourceRefused"), key
        assert "points outside" in failure.message
    with open_original(stored(top, "within"), soon()) as original:
        assert original.read(10) == b"inside"


def test_what_is_not_a_file_is_not_opened(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.fspath(tmp_path / "socket"))
    (tmp_path / "null").symlink_to("/dev/null")
    monkeypatch.setattr(os, "open", None)
    for key in ("fifo", "socket", "null"):
        failure = refused(stored(tmp_path, key))
        assert (failure.status, failure.code) == (403, "SourceRefused"), key


def test_a_fifo_that_takes_the_files_place_is_not_waited_for(tmp_path, monkeypatch):
    path = tmp_path / "a"
    path.write_bytes(b"x")
    status = path.stat()
    path.unlink()
    os.mkfifo(path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", lambda *_, **__: status)
        with (
            pytest.raises(RequestFailed, match="not a file"),
            open_original(stored(tmp_path, "a"), soon()),
        ):
            pass


def test_files_have_no_versions(tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    assert refused(stored(tmp_path, "a", version="1")).status == 501


def test_limits_hold_before_reading(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(b"four")
    monkeypatch.setattr(os, "pread", None)
    with (
        pytest.raises(RequestFailed) as caught,
        open_original(stored(tmp_path, "a"), soon()) as original,
    ):
        original.read(3)
    assert caught.value.code == "ObjectTooLarge"


def test_a_file_that_changes_while_it_is_read_is_not_mixed(tmp_path):
    path = tmp_path / "a"
    for change in (b"shorter", b"x" * 2**21):
        path.write_bytes(b"y" * 2**20)
        for ask in (open_original, open_ranges):
            with ask(stored(tmp_path, "a"), soon()) as original:
                path.write_bytes(change)
                ranged = isinstance(original, Ranges)
                take = original.read_at if ranged else original.read
                with pytest.raises(RequestFailed, match="replaced") as caught:
                    take(*((2**19, 10) if ranged else (2**30,)))
            assert caught.value.status == 503


def test_a_file_that_is_replaced_stays_the_one_that_was_opened(tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "b").write_bytes(b"new")
    before = head_original(stored(tmp_path, "a"), soon())
    with open_original(stored(tmp_path, "a"), soon()) as original:
        (tmp_path / "b").replace(tmp_path / "a")
        assert original.read(10) == b"old"
    after = head_original(stored(tmp_path, "a"), soon())
    assert before.etag == original.object_head.etag != after.etag


def test_equal_sizes_and_times_are_still_two_versions(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, (0, 0))
    first = head_original(stored(tmp_path, "a"), soon())
    (tmp_path / "b").replace(tmp_path / "a")
    assert head_original(stored(tmp_path, "a"), soon()).etag != first.etag


def test_ranges_are_the_bytes_however_many_there_are(tmp_path):
    body = np.random.default_rng(0).bytes(200_000)
    (tmp_path / "a").write_bytes(body)
    with open_ranges(stored(tmp_path, "a"), soon()) as original:
        assert isinstance(original, Ranges)
        assert original.size == len(body)
        for start in range(66_000, 66_000 + 2 * MOST_REQUESTS):
            assert original.read_at(start, 1) == body[start : start + 1]
        assert original.bytes_read == 65_536 + 2 * MOST_REQUESTS


def test_videos_are_read_by_ranges(tmp_path):
    (tmp_path / "a.mp4").write_bytes(clip("mp4, sound"))
    spec = "sample_frames:2/resize:8,8/npy"
    body = get(stored(tmp_path, "a.mp4"), spec).body
    assert body == Pipeline.parse(spec).encode(tmp_path / "a.mp4").body


def test_a_video_stays_open_until_it_is_transformed(tmp_path):
    body = film(120, height=240, width=320)
    assert len(body) > 2 * FIRST_BYTES
    (tmp_path / "a.mp4").write_bytes(body)
    source, spec = stored(tmp_path, "a.mp4"), "sample_frames:4/resize:32,32/mp4"
    expected = Pipeline.parse(spec).encode(body).body
    headers = head(source, spec, soon()).headers  # of a size that depends on the pixels
    assert headers["Content-Length"] == str(len(expected))
    result_cache.cache_clear()
    assert get(source, spec).body == expected


def test_a_head_that_needs_the_pixels_waits_for_room_in_memory(tmp_path):
    (tmp_path / "a.jpg").write_bytes(photo("rocket"))
    source = stored(tmp_path, "a.jpg")
    everything = room_for_original(config().policy.limits.memory // 2, soon())
    with everything, pytest.raises(RequestFailed, match="out of time"):
        head(source, "resize:8,8/png", Deadline(time.monotonic() + 0.1))
    assert head(source, "resize:8,8/png", soon()).status == 200


def test_an_empty_file_is_an_empty_object(tmp_path):
    (tmp_path / "a").write_bytes(b"")
    for ask in (open_original, open_ranges):
        with ask(stored(tmp_path, "a"), soon()) as original:
            assert original.object_head.length == 0


def test_out_of_time(tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    over = Deadline(time.monotonic() - 1)
    with (
        pytest.raises(RequestFailed) as caught,
        open_original(stored(tmp_path, "a"), over) as original,
    ):
        original.read(10)
    assert caught.value.code == "DeadlineExceeded"


def test_etags_are_no_md5(tmp_path):
    """Clients take 32 digits for the MD5 of the body."""
    (tmp_path / "a").write_bytes(gzip.compress(b"x"))
    etag = head_original(stored(tmp_path, "a"), soon()).etag
    assert hashlib.md5((tmp_path / "a").read_bytes()).hexdigest() not in etag
    assert etag.count("-") == 2
