"""The read-through store: a store that fails costs one line of the log, and no read."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jitprep.service.results.copy_folder import CopyFolder
from jitprep.service.results.copy_place import CopyPlace
from jitprep.service.results.copy_writer import CopyWriter, copy_writer
from jitprep.service.results.read_through import ReadThrough, copy_name, read_through

from .test_copy_folder import BODY, MADE, NAME, full_disk, names


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], list[str]]]:
    """Return a function that returns the lines of the log."""
    caplog.set_level(logging.WARNING)
    yield lambda: caplog.messages
    copy_writer.finish(10)


def uses(lines: Callable[[], list[str]]) -> list[str]:
    """What is not done with the store, by the lines of the log."""
    return sorted(line.split()[3] for line in lines())


def keep(store: ReadThrough, *wanted: str) -> None:
    for name in wanted:
        store.keep(name, MADE)
    copy_writer.finish(10)


def test_what_is_kept_is_found_also_by_another_process(tmp_path, lines):
    place = CopyPlace.parse(f"file:{tmp_path}/copies")
    store = read_through(place)
    assert store.find(NAME) is None
    keep(store, NAME)
    for one in (store, ReadThrough(place, CopyFolder(tmp_path / "copies", None))):
        found = one.find(NAME)
        assert found is not None
        assert (bytes(found.body), found.metadata) == (BODY, MADE.metadata)
    assert not lines()


def test_a_damaged_copy_is_ignored_and_replaced(tmp_path, lines):
    store = read_through(CopyPlace.parse(str(tmp_path)))
    keep(store, NAME)
    file = tmp_path / NAME[:10] / NAME[10:]
    file.write_bytes(file.read_bytes()[:-1])
    assert store.find(NAME) is None
    keep(store, NAME)
    assert store.find(NAME) is not None
    assert not lines()


def test_a_full_disk_costs_one_line(tmp_path, lines):
    store = read_through(CopyPlace.parse(f"file:{tmp_path}"))
    keep(store, NAME)
    with full_disk():
        keep(store, *names(5))
    assert [store.find(name) for name in names(5)] == [None] * 5
    assert store.find(NAME) is not None
    assert lines() == [f"copies are not written to {tmp_path} for a while: File too large"]


@pytest.mark.parametrize("folder", ["/sys/jitprep-copies", "FILE/copies"])
def test_a_folder_that_cannot_be_written_costs_one_line_for_each_of_its_uses(
    tmp_path, folder, lines
):
    (tmp_path / "FILE").write_bytes(b"")
    store = read_through(CopyPlace.parse(folder.replace("FILE", f"{tmp_path}/FILE")))
    for name in names(5):
        assert store.find(name) is None
        keep(store, name)
    assert uses(lines) in (["written"], ["read", "written"])


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a server that is down."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "key")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def test_a_store_that_is_down_costs_one_line_for_each_of_its_uses(closed, lines):
    store = read_through(CopyPlace.parse("s3://bucket/copies", endpoint=closed))
    for name in names(20):
        assert store.find(name) is None
        keep(store, name)
    assert uses(lines) == ["read", "written"]
    assert all("the connection was refused" in line for line in lines())


def test_a_store_is_asked_again_after_a_while(tmp_path, lines, monkeypatch):
    store = read_through(CopyPlace.parse(f"file:{tmp_path}/later"))
    (tmp_path / "later").write_bytes(b"")
    assert store.find(NAME) is None
    keep(store, NAME)
    (tmp_path / "later").unlink()
    keep(store, NAME)
    now = store._reads._until + 1
    monkeypatch.setattr("jitprep.service.results.read_through.time.monotonic", lambda: now)
    keep(store, NAME)
    assert store.find(NAME) is not None
    assert uses(lines) == ["read", "written"]


def test_writes_that_wait_are_bounded(monkeypatch):
    monkeypatch.setattr("jitprep.service.results.copy_writer._MOST_WAITING", 100)
    writer, written = CopyWriter(), list[int]()
    taken = [writer.submit(60, lambda number=number: written.append(number)) for number in range(1)]
    assert taken == [True]
    assert not writer.submit(101, lambda: written.append(9))
    writer.finish(10)
    assert written == [0]


@pytest.mark.parametrize(
    ("text", "most", "words"),
    [
        ("https://host/copies", None, "store: copies cannot be written to https://"),
        ("ftp://host", None, "store: copies cannot be written to ftp://"),
        ("s3://", None, "store: write the store as s3://NAME/PREFIX"),
        ("s3://bucket", "1GB", "store_bytes limits a folder only"),
        ("file:copies", "much", "store_bytes must be bytes, or a size"),
    ],
)
def test_a_wrong_place_is_refused_by_the_name_of_its_setting(text, most, words):
    with pytest.raises(ValueError, match=words):
        CopyPlace.parse(text, most)


def test_places_are_spelled_as_sources_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert CopyPlace.parse("file:copies", "2GB") == CopyPlace.parse(
        str(tmp_path / "copies"), 2 * 10**9
    )
    assert str(CopyPlace.parse("s3://bucket/some/where")) == "s3://bucket/some/where/"
    assert copy_name("a", "b", "c") != copy_name("a", "b", "d")
    assert Path(str(CopyPlace.parse("copies"))) == tmp_path / "copies"
