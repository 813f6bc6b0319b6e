"""Files that are dropped on the page."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import sys

import numpy as np
import pytest

from jitprep.playground.asks import AskRefused, SourceAsk
from jitprep.playground.reading import read_item
from jitprep.playground.uploads import Uploads
from jitprep.service.errors import RequestFailed
from preprocessing import Limits, Pipeline, Seed
from tests.photos import photo

from .browser import Browser
from .material import playground

NAMES = [
    "<img src=x onerror=alert(1)>.jpg",
    "a\nb\r\n.jpg",
    "../../etc/passwd",
    "/etc/passwd",
    "ü" * 999,
]


async def pieces(*given):
    for piece in given:
        yield piece


def receive(uploads, name, *given, limits=None):
    return asyncio.run(uploads.receive(name, pieces(*given), limits or Limits()))


@pytest.mark.parametrize("name", NAMES)
def test_names_are_labels(name):
    client, body = Browser(), photo("rocket")
    answer = client.ask("POST", "/_play/api/uploads", params={"name": name}, content=body)
    named = hashlib.sha256(body).hexdigest()[:16]
    assert answer.json() == {"upload": named, "name": name, "nbytes": len(body)}


@pytest.mark.parametrize("name", NAMES)
def test_files_lie_in_one_folder_under_their_ids(name):
    uploads = Uploads()
    found = receive(uploads, name, b"x")
    assert [path.name for path in uploads.folder.iterdir()] == [found["upload"]]
    assert uploads.read(found["upload"]).name == name


def test_a_result_is_drawn_as_one_of_the_file_of_that_name():
    made, body = playground(), photo("rocket")
    found = receive(made.uploads, "rocket.jpg", body)
    item = read_item(made, SourceAsk(upload=found["upload"]))
    assert (item.content, item.etag) == (body, None)
    pipeline = Pipeline.parse("random_crop:64/npy")
    ours = pipeline(item.content, seed=Seed(7, item.key, item.etag))
    assert np.array_equal(ours, pipeline(body, seed=Seed(7, "rocket.jpg")))


def test_100_mb_are_streamed():
    """What is not written yet stays below 2 MiB."""
    uploads, piece, held = Uploads(), bytes(2**16), []

    async def stream():
        for _ in range(1600):
            held.append(sys.getrefcount(piece))
            yield piece

    found = asyncio.run(uploads.receive("zeros", stream(), Limits()))
    assert found["nbytes"] == 1600 * 2**16
    assert max(held) < 40  # of 64 KiB, and what else refers to the piece
    assert len(uploads.read(found["upload"]).content) == found["nbytes"]


def test_a_file_is_refused_as_soon_as_it_is_too_large():
    uploads, sent = Uploads(), []

    async def endless():
        while True:
            sent.append(2**20)
            yield bytes(2**20)

    with pytest.raises(RequestFailed, match="and the limit is 5000000") as refused:
        asyncio.run(uploads.receive("endless", endless(), Limits(source_bytes=5_000_000)))
    assert refused.value.code == "ObjectTooLarge"
    assert len(sent) == 5
    assert list(uploads.folder.iterdir()) == []


def test_a_file_whose_client_leaves_is_forgotten():
    uploads = Uploads()

    async def broken():
        yield bytes(2**21)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        asyncio.run(uploads.receive("broken", broken(), Limits()))
    assert list(uploads.folder.iterdir()) == []


def test_the_oldest_are_forgotten():
    uploads = Uploads(most_bytes=250)
    ids = [receive(uploads, name, name.encode() * 100)["upload"] for name in "abc"]
    assert sorted(path.name for path in uploads.folder.iterdir()) == sorted(ids[1:])
    with pytest.raises(AskRefused, match="drop it on the page again"):
        uploads.read(ids[0])


def test_the_same_file_is_kept_once_under_its_last_name():
    uploads = Uploads(most_bytes=250)
    first, again = receive(uploads, "a", b"x" * 200), receive(uploads, "b", b"x" * 200)
    assert first["upload"] == again["upload"]
    assert uploads.read(again["upload"]).name == "b"


@pytest.mark.parametrize("name", ["../x", "", "0" * 16, "\0", "\ud800"])
def test_an_id_is_no_path(name):
    uploads = Uploads()
    with pytest.raises(AskRefused):
        uploads.read(name)


def test_the_folder_goes_with_the_uploads():
    uploads = Uploads()
    receive(uploads, "a", b"x")
    folder = uploads.folder
    assert folder.stat().st_mode & 0o077 == 0
    del uploads
    gc.collect()
    assert not folder.exists()
