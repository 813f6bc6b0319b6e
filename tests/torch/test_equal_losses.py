"""Losses of the training example: equal to the last bit wherever samples are made, and when resumed."""

from __future__ import annotations

import importlib.util
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from jitprep import open_reader
from jitprep.reader.torch import Loader
from preprocessing import Pipeline
from tests.jitprep.reader.loading.overflow.remotes import SlowMachine
from tests.jitprep.server.running import serving
from tests.paths import ROOT

CROPS = "random_resized_crop:64/random_horizontal_flip/npy"
EPOCHS = 2


@pytest.fixture(scope="module")
def example() -> Any:
    """The module of the example, with deterministic sums."""
    torch.set_num_threads(1)
    spec = importlib.util.spec_from_file_location("train_example", ROOT / "examples/train.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "examples")
        spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, small_bodies: dict[str, bytes]) -> Path:
    """Photographs in a folder per class, enough for thirty batches."""
    folder = tmp_path_factory.mktemp("classes")
    for name, body in small_bodies.items():
        (folder / name).mkdir()
        for number in range(40):
            (folder / name / f"{number:02}.jpg").write_bytes(body)
    return folder


@pytest.fixture(scope="module")
def mount(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server of the folder, which takes seeds."""
    scratch = tmp_path_factory.mktemp("server")
    (scratch / "jitprep.toml").write_text(
        f'[mounts.photos]\nsource = "{folder}"\npipeline = "{CROPS}"\noverrides = ["seed"]\n'
        "anonymous = true\n"
    )
    with serving(scratch, "--config", scratch / "jitprep.toml") as server:
        yield f"{server.url}/photos"


@pytest.fixture(scope="module")
def losses(example: Any, folder: Path) -> list[float]:
    """Losses of batches that this process makes itself."""
    return train(example, loader(folder, num_workers=0))


def loader(folder: Path, delay: float = 0.0, **options: Any) -> Loader:
    reader = SlowMachine(path=folder, pipeline=Pipeline.parse(CROPS), delay=delay)
    whole = {"labels": "folder", "batch_size": 8, "shuffle": True, **options}
    return Loader(reader, **whole)


def train(example: Any, made: Loader) -> list[float]:
    with made:
        return example.train(made, EPOCHS)


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_on_this_machine(example, folder, losses, workers, method):
    made = loader(folder, num_workers=workers, start_method=method)
    assert train(example, made) == losses


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.parametrize(("workers", "delay"), [(1, 0.1), (2, 0.01), (4, 0.04)])
def test_with_overflow_at_any_share(example, folder, mount, losses, workers, delay, method):
    options = {"num_workers": workers, "start_method": method, "overflow": mount}
    made = loader(folder, delay, **options)
    assert train(example, made) == losses
    assert made.stats.remote > 0
    assert made.stats.remote_bytes == made.stats.remote * 3 * 64 * 64


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_with_a_store_that_is_cold_and_warm(example, folder, tmp_path, method):
    """The part before the first random step is kept."""
    spec, copies = "resize:72/random_crop:64/random_horizontal_flip/npy", tmp_path / "copies"

    def losses_with(store: str | None, workers: int) -> list[float]:
        reader = open_reader(f"file:{folder}", pipeline=spec, store=store)
        options = {"num_workers": workers, "start_method": method}
        made = Loader(reader, labels="folder", batch_size=8, shuffle=True, **options)
        return train(example, made)

    for path in folder.rglob("*.jpg"):  # a file that has just changed is not copied
        os.utime(path, (0, 0))
    time.sleep(2.1)
    alone = losses_with(None, 2)
    assert losses_with(f"file:{copies}", 2) == alone
    assert len(list(copies.rglob("jitprep-*"))) > 100
    assert losses_with(f"file:{copies}", 1) == alone


def test_by_the_server_alone(example, folder, mount, losses):
    remote = open_reader(mount)
    made = Loader(remote, labels="folder", batch_size=8, shuffle=True, num_workers=1)
    assert train(example, made) == losses


@pytest.mark.parametrize("workers", [0, 2])
def test_resumed_in_the_middle_of_an_epoch(example, folder, mount, losses, workers):
    """One loader is left after some batches, and another continues, with an overflow."""
    options = {"num_workers": workers} if not workers else {"num_workers": 2, "overflow": mount}

    class Resumed:
        """The first loader's batches, and then those of one that was given its state."""

        classes = tuple(range(len(list(folder.iterdir()))))

        def __init__(self) -> None:
            self.first = loader(folder, 0.01, **options)

        def set_epoch(self, epoch: int) -> None:
            self.first.set_epoch(epoch)

        def __iter__(self) -> Iterator[Any]:
            with self.first:
                for number, batch in enumerate(self.first, 1):
                    yield batch
                    if number == 7:
                        break
                state = self.first.state_dict()
            self.first = loader(folder, 0.01, num_workers=1, overflow=mount)
            self.first.load_state_dict(state)
            yield from self.first

    made = Resumed()
    assert example.train(made, EPOCHS) == losses
    made.first.close()
