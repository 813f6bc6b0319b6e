"""What the training examples share: photographs, a small network, and the comparison of two runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import nn

from jitprep.cli.demo_data.photos import photographs
from jitprep.reader import Reader, open_reader
from preprocessing import Pipeline

PIPELINE = "random_resized_crop:64/random_horizontal_flip/npy"


def objects() -> dict[str, bytes]:
    """Return four crops of each photograph, as JPEG, with keys such as ``rocket/2.jpg``."""
    pieces = {}
    for name, photo in photographs().items():
        for number, (top, left) in enumerate(((0, 0), (0, 200), (150, 0), (150, 200))):
            cut = Pipeline.parse(f"crop:{top},{left},150,200/jpeg")
            pieces[f"{Path(name).stem}/{number}.jpg"] = bytes(cut.encode(photo).body)
    return pieces


def write(folder: Path) -> None:
    """Write the photographs to a folder."""
    for key, body in objects().items():
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_bytes(body)


@contextmanager
def in_folder() -> Iterator[tuple[Reader, Path]]:
    """Return a reader of the photographs in a temporary folder, and another folder, for checkpoints."""
    with TemporaryDirectory() as scratch:
        folder = Path(scratch, "photos")
        write(folder)
        yield open_reader(f"file:{folder}", pipeline=PIPELINE), Path(scratch, "checkpoints")


def network(classes: int) -> nn.Module:
    """Return a convolutional network for crops of 64 × 64."""
    return nn.Sequential(
        *(nn.Conv2d(3, 16, 3, stride=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(16, 32, 3, stride=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(32 * 3 * 3, classes)),
    )


def loss_of(network: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the loss of a batch of uint8."""
    return nn.functional.cross_entropy(network(images.float() / 255), labels)


def compare(whole: Sequence[float], first: Sequence[float], rest: Sequence[float]) -> None:
    """Print the losses of a run beside those of an interrupted one, and fail unless they are equal."""
    for step, (loss, other) in enumerate(zip(whole, [*first, *rest], strict=True)):
        print(f"{step:>4} {loss:14.8f} {other:14.8f}")
    if [*first, *rest] != [*whole]:
        sys.exit("the losses differ")
    print(f"{len(whole)} steps, equal losses with an interruption after {len(first)}")


def require_equal(losses: Mapping[str, Sequence[float]]) -> None:
    """Print the loss of each step in each way, and fail unless they are equal."""
    print("step", *(f"{way:>14}" for way in losses))
    for step, row in enumerate(zip(*losses.values(), strict=True)):
        print(f"{step:>4}", *(f"{loss:14.8f}" for loss in row))
    first, *others = losses.values()
    if any(other != first for other in others):
        sys.exit("the losses differ")
    print(f"{len(first)} steps, equal losses in {len(losses)} ways")
