"""The requests that are copied are answered by a server with the mount that is copied."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jitprep.playground.answers.copy import answer
from preprocessing import Pipeline, Seed
from tests.photos import photo

from ..server.running import PLAIN, Running, serving
from .material import HOSTILE, playground

LINE = "resize:64/random_crop:32/npy"
KEYS = """
[keys.reader]
access_key_id = "env:READER_ID"
secret_access_key = "env:READER_SECRET"
mounts = ["photos"]
"""


def copied(folder: Path, key: str, seed: int) -> dict[str, str]:
    asked = {"source": {"place": "photos", "key": key}, "pipeline": LINE, "seed": seed}
    return {each.name: each.text for each in answer(playground(folder), asked)["snippets"]}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Path]]:
    root = tmp_path_factory.mktemp("served")
    folder = root / "photos"
    for key in HOSTILE:
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(photo("rocket"))
    config = root / "jitprep.toml"
    config.write_text(copied(folder, HOSTILE[0], 0)["mount"] + KEYS)
    keys = {"READER_ID": "reader", "READER_SECRET": "secret"}
    with serving(root, "--config", config, JITPREP_WORKERS="1", **keys) as running:
        yield running, folder


def run(text: str, running: Running, into: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    keys = {"AWS_ACCESS_KEY_ID": "reader", "AWS_SECRET_ACCESS_KEY": "secret"}
    text = text.replace("http://127.0.0.1:8080", running.url)
    return subprocess.run(
        ["sh", "-ec", text],
        cwd=into,
        env={**PLAIN, **keys, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def expected(folder: Path, key: str, seed: int) -> bytes:
    content = (folder / key).read_bytes()
    return bytes(Pipeline.parse(LINE).encode(content, seed=Seed(seed, key)).body)


@pytest.mark.parametrize("key", HOSTILE)
def test_curl(served: tuple[Running, Path], key: str, tmp_path: Path) -> None:
    running, folder = served
    done = run(copied(folder, key, 3)["curl"], running, tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "result.npy").read_bytes() == expected(folder, key, 3)


@pytest.mark.parametrize("key", [HOSTILE[1], HOSTILE[2], HOSTILE[4]])
def test_aws(served: tuple[Running, Path], key: str, tmp_path: Path) -> None:
    running, folder = served
    done = run(copied(folder, key, 3)["aws"], running, tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "result.npy").read_bytes() == expected(folder, key, 0)
