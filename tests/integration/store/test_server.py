"""The server with a store: answers cold, warm and without one are the same, and nothing is stale."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jitprep.service.source.stored.folder import SETTLED_S

from ...jitprep.server.running import Answer, Running, eventually, serving
from ...jitprep.server.test_batches import ask, frames
from ...photos import photo

SPECS = {
    "fixed": "resize:16,16/npy",
    "unknown": "grayscale/resize:40/png",
    "drawn": "resize:24/random_crop:16/random_horizontal_flip/npy",
}
KEYS = ("rocket.jpg", "coffee.jpg", "chelsea.jpg")
VARYING = {"date", "x-amz-request-id", "last-modified"}


@dataclass(frozen=True)
class Stored:
    """A server whose mounts begin with ``on-`` where they have a store, and else with ``off-``."""

    photos: Path
    copies: Path
    server: Running

    @property
    def files(self) -> list[Path]:
        return [*self.copies.glob("jitprep-??/*")]

    def both(self, target: str, *how: Any) -> tuple[tuple[object, ...], tuple[object, ...]]:
        """Ask without a store and with it."""
        off, on = (same(self.server.ask(f"/{name}-{target}", *how)) for name in ("off", "on"))
        return off, on

    def outcomes(self, outcome: str) -> int:
        return int(self.server.metric("jitprep_store_total", outcome=outcome))


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stored]:
    here = tmp_path_factory.mktemp("stored")
    (here / "photos").mkdir()
    for key in KEYS:
        (here / "photos" / key).write_bytes(photo(key.removesuffix(".jpg")))
    (here / "jitprep.toml").write_text(
        "workers = 1\ncache_bytes = 1\n"
        + "".join(
            f'[mounts.{way}-{name}]\nsource = "{here}/photos"\npipeline = "{spec}"\n'
            f'anonymous = true\noverrides = ["seed"]\n{store}'
            for name, spec in SPECS.items()
            for way, store in (("off", ""), ("on", f'store = "file:{here}/copies"\n'))
        )
    )
    time.sleep(SETTLED_S + 0.1)  # files that have just changed are not copied
    with serving(here, "--config", here / "jitprep.toml") as running:
        yield Stored(here / "photos", here / "copies", running)


def same(answer: Answer) -> tuple[object, ...]:
    headers = {name: value for name, value in answer.headers.items() if name not in VARYING}
    return answer.status, headers, answer.body


@pytest.mark.parametrize("mount", SPECS)
def test_answers_are_the_same_cold_and_warm(stored, mount):
    asked = [
        (f"{mount}/{key}{query}", method, headers)
        for key in KEYS
        for query in ("", "?seed=3" if mount == "drawn" else "")
        for method, headers in (
            ("HEAD", {}), ("GET", {}), ("GET", {"Range": "bytes=5-90"}), ("GET", {"Range": "bytes=-3"}),
            ("GET", {"If-None-Match": '"another"'}), ("HEAD", {}),
        )
    ]  # fmt: skip
    for one in asked * 2:
        off, on = stored.both(*one)
        assert off == on
    etag = stored.server.ask(f"/off-{mount}/{KEYS[0]}").headers["etag"]
    read = stored.server.ask(f"/on-{mount}/{KEYS[0]}", "GET", {"If-None-Match": etag})
    assert read.status == 304


def test_a_warm_answer_is_logged_and_counted(stored):
    stored.both("fixed/rocket.jpg")
    eventually(lambda: stored.files)
    hits = stored.outcomes("hit")
    stored.both("fixed/rocket.jpg")
    assert stored.outcomes("hit") == hits + 1
    lines = stored.server.log_file.read_text().splitlines()
    line = [line for line in lines if '"mount":"on-fixed"' in line][-1]
    assert '"store":{"hit":1}' in line
    assert '"bytesIn":0' in line


def test_batches_are_filled_from_the_store(stored):
    for mount in ("fixed", "drawn"):
        wanted = frames(ask(stored.server, f"off-{mount}", keys=KEYS))
        for _ in ("cold", "warm"):
            assert frames(ask(stored.server, f"on-{mount}", keys=KEYS)) == wanted


def test_a_damaged_copy_is_made_again(stored):
    stored.both("fixed/coffee.jpg")
    for file in eventually(lambda: stored.files):
        file.write_bytes(file.read_bytes()[:-10] + bytes(10))
    misses = stored.outcomes("miss")
    off, on = stored.both("fixed/coffee.jpg")
    assert off == on
    assert stored.outcomes("miss") == misses + 1

    def is_mended() -> bool:
        misses = stored.outcomes("miss")
        off, on = stored.both("fixed/coffee.jpg")
        assert off == on
        return stored.outcomes("miss") == misses

    eventually(is_mended)


def test_a_changed_original_is_read_anew(stored):
    path = stored.photos / "rocket.jpg"
    stored.both("fixed/rocket.jpg")
    path.write_bytes(photo("coffee"))
    try:
        off, on = stored.both("fixed/rocket.jpg")
        assert off == on
        assert on[-1] == stored.server.ask("/off-fixed/coffee.jpg").body
    finally:
        path.write_bytes(photo("rocket"))
