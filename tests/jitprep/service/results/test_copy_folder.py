"""Copies in a folder: whole or not there, within their limit, and nobody else's files."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitprep.service.results.copy_folder import CopyFolder
from jitprep.service.results.copy_format import (
    DamagedCopy,
    FoundCopy,
    parse_copy,
    write_head,
)
from jitprep.service.results.read_through import copy_name
from preprocessing import Encoded
from tests.paths import ROOT

NAME = copy_name("s3://bucket/a.jpg", '"etag"', "fingerprint")
BODY = bytes(range(256)) * 40
MADE = Encoded(BODY, "application/x-npy", {"shape": "3,8", "rate": "ü"})
WHOLE = write_head(NAME, MADE) + BODY


def names(count: int) -> list[str]:
    return [copy_name("s3://bucket/a.jpg", str(number), "") for number in range(count)]


def put(folder: CopyFolder, name: str, body: bytes = BODY) -> None:
    folder.write(name, write_head(name, Encoded(body, "text/plain", {})), body)


def held(path: Path) -> dict[str, int]:
    """The copies in a folder, by name, and their sizes."""
    return {file.parent.name + file.name: file.stat().st_size for file in path.glob("jitprep-??/*")}


@given(st.lists(st.text(max_size=6), min_size=3, max_size=3).map(tuple), st.data())
def test_equal_names_are_of_equal_parts(parts, data):
    others = data.draw(st.permutations(parts).map(tuple))
    assert (copy_name(*parts) == copy_name(*others)) == (parts == others)
    assert copy_name(*parts).startswith("jitprep-")
    assert copy_name("a", "bc", "d") != copy_name("ab", "c", "d")


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_a_changed_byte_is_noticed(tmp_path_factory, place, change):
    changed = bytearray(WHOLE)
    changed[place] ^= change
    path = tmp_path_factory.mktemp("copies")
    (path / NAME[:10]).mkdir()
    (path / NAME[:10] / NAME[10:]).write_bytes(changed)
    for row in (None, memoryview(bytearray(256))):
        with pytest.raises((DamagedCopy, ValueError)):
            CopyFolder(path, None).read(NAME, row)
        with pytest.raises((DamagedCopy, ValueError)):
            parse_copy(memoryview(bytes(changed)), NAME, row)


@given(st.integers(0, len(WHOLE) - 1), st.binary(max_size=3))
def test_a_copy_that_is_cut_or_longer_is_noticed(tmp_path_factory, length, more):
    for wrong in (WHOLE[:length], WHOLE + b"x" + more):
        path = tmp_path_factory.mktemp("copies")
        (path / NAME[:10]).mkdir()
        (path / NAME[:10] / NAME[10:]).write_bytes(wrong)
        with pytest.raises(DamagedCopy):
            CopyFolder(path, None).read(NAME)
        with pytest.raises(DamagedCopy):
            parse_copy(memoryview(wrong), NAME, None)


def test_another_copy_under_this_name_is_noticed():
    with pytest.raises(DamagedCopy):
        parse_copy(memoryview(WHOLE), names(1)[0], None)


@pytest.mark.parametrize("samples", [1, 256, len(BODY), len(BODY) + 1])
def test_samples_are_read_into_the_row_that_is_given(tmp_path, samples):
    folder = CopyFolder(tmp_path / "new" / "folder", None)
    folder.write(NAME, write_head(NAME, MADE), BODY)
    for read in (folder.read, lambda name, row: parse_copy(memoryview(WHOLE), name, row)):
        row = bytearray(samples)
        found = read(NAME, memoryview(row))
        assert isinstance(found, FoundCopy)
        assert found.in_row == (samples <= len(BODY))
        assert bytes(found.body) + (bytes(row) if found.in_row else b"") == BODY
        assert (found.content_type, found.metadata) == (MADE.content_type, MADE.metadata)


def test_copies_stay_within_their_limit_and_the_oldest_use_goes_first(tmp_path):
    size = len(write_head(NAME, Encoded(BODY, "text/plain", {}))) + len(BODY)
    folder, wanted = CopyFolder(tmp_path, 10 * size), names(40)
    (tmp_path / "photo.jpg").write_bytes(b"somebody's")
    (tmp_path / "jitprep-aa").mkdir()
    (tmp_path / "jitprep-aa" / "notes").write_bytes(b"somebody's")
    for number, name in enumerate(wanted):
        put(folder, name)
        file = tmp_path / name[:10] / name[10:]
        os.utime(file, (number, number))
        if number >= 2:
            assert folder.read(wanted[1]) is not None  # which counts as a use
        copies = {name: size for name, size in held(tmp_path).items() if name in wanted}
        assert sum(copies.values()) <= 10 * size
        assert {name, wanted[1]} <= {*copies, *wanted[: number == 0 and 2]}
    assert len(copies) >= 8
    assert sum(number >= 30 for number, name in enumerate(wanted) if name in copies) >= 7
    assert (tmp_path / "photo.jpg").read_bytes() == b"somebody's"
    assert (tmp_path / "jitprep-aa" / "notes").read_bytes() == b"somebody's"


def test_a_copy_larger_than_the_limit_is_not_written(tmp_path):
    put(CopyFolder(tmp_path, 1000), NAME)
    assert not held(tmp_path)


def test_without_a_limit_half_of_the_space_is_used(tmp_path, monkeypatch):
    size = len(WHOLE)
    free = 8 * size
    monkeypatch.setattr(
        "shutil.disk_usage", lambda _: SimpleNamespace(free=free - sum(held(tmp_path).values()))
    )
    folder = CopyFolder(tmp_path, None)
    for name in names(20):
        put(folder, name)
    assert 3 <= len(held(tmp_path)) <= 4


FILL = """
import sys
from pathlib import Path
from tests.jitprep.service.results.test_copy_folder import WHOLE, CopyFolder, names, put

first = int(sys.argv[2])
for name in names(first + 40)[first:]:
    put(CopyFolder(Path(sys.argv[1]), 30 * len(WHOLE)), name)
"""


def test_processes_share_the_limit(tmp_path):
    workers = [
        subprocess.Popen([sys.executable, "-c", FILL, tmp_path, str(20 * number)], cwd=ROOT)
        for number in range(3)
    ]
    assert [worker.wait(60) for worker in workers] == [0] * len(workers)
    copies = held(tmp_path)
    assert sum(copies.values()) <= 30 * len(WHOLE)
    assert len(copies) >= 20
    assert all(CopyFolder(tmp_path, None).read(name) is not None for name in copies)


def test_a_reader_gets_all_of_a_copy_or_nothing_while_others_write_and_delete(tmp_path):
    folder, over = CopyFolder(tmp_path, 3 * len(WHOLE)), threading.Event()

    def write() -> None:
        while not over.is_set():
            for name in names(5):
                put(folder, name)

    def delete() -> None:
        while not over.is_set():
            for file in tmp_path.glob("jitprep-??/*"):
                file.unlink(missing_ok=True)

    threads = [threading.Thread(target=work) for work in (write, write, delete)]
    for thread in threads:
        thread.start()
    try:
        found = [folder.read(name) for _ in range(200) for name in names(5)]
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert {bytes(one.body) for one in found if one is not None} <= {BODY}


def test_what_a_process_left_unfinished_is_deleted(tmp_path):
    folder = CopyFolder(tmp_path, 2 * len(WHOLE))
    put(folder, NAME)
    left, recent = (tmp_path / NAME[:10] / f"{NAME[10:]}.{n}-1.part" for n in (1, 2))
    for file in (left, recent):
        file.write_bytes(b"unfinished")
    os.utime(left, (0, 0))
    for name in names(3):
        put(folder, name)
    assert recent.exists()
    assert not left.exists()


@contextmanager
def full_disk() -> Iterator[None]:
    """No file may have more than 1,000 bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_leaves_nothing_behind(tmp_path):
    folder = CopyFolder(tmp_path, None)
    with full_disk(), pytest.raises(OSError, match="too large"):
        put(folder, NAME)
    assert not held(tmp_path)
    assert folder.read(NAME) is None
    put(folder, NAME)
    assert folder.read(NAME) is not None
