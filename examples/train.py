"""Train a small network on photographs, read through each door. The losses must be equal, bit for bit.

    pip install '.[torch,demo]'
    python examples/train.py                      # access point, Function URL, Invoke, folder
    python examples/train.py --epochs 8 folder    # some of them

`doors.py` starts a local endpoint with these doors. On AWS, only the addresses differ.
"""

from __future__ import annotations

import argparse
import sys

import torch
from doors import DOORS, PIPELINE, opened
from torch import nn

from jitprep.reader import Reader
from jitprep.reader.torch import Loader

BATCH = 8


def network(classes: int) -> nn.Module:
    """Return a convolutional network for crops of 64 × 64."""
    return nn.Sequential(
        *(nn.Conv2d(3, 16, 3, stride=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(16, 32, 3, stride=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(32 * 3 * 3, classes)),
    )


def train(reader: Reader, epochs: int) -> list[float]:
    """Train the network to name the photograph of a random crop; return the loss of each step."""
    torch.manual_seed(0)
    loader = Loader(
        reader,
        labels="folder",  # "rocket/2.jpg" is of the class "rocket"
        batch_size=BATCH,
        shuffle=True,
        num_workers=2,
        start_method="forkserver",  # the endpoint has threads in this process
    )
    assert loader.classes is not None
    model = network(len(loader.classes))
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    losses = []
    for epoch in range(epochs):
        loader.set_epoch(epoch)  # changes the order and the crops
        for images, targets in loader:
            loss = nn.functional.cross_entropy(model(images.float() / 255), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    loader.close()
    return losses


def main() -> None:
    """Train through each door, print the losses, and fail unless they are equal."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("doors", nargs="*", metavar="door", help=f"one of {', '.join(DOORS)}")
    parser.add_argument("--epochs", type=int, default=4)
    asked = parser.parse_args()
    if unknown := set(asked.doors) - set(DOORS):
        parser.error(f"unknown door {unknown.pop()}; choose from {', '.join(DOORS)}")
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)  # sums have one order
    with opened(asked.doors) as readers:
        print(f"{PIPELINE}, with epochs as seeds")
        losses = {door: train(reader, asked.epochs) for door, reader in readers.items()}
    print("step", *(f"{door:>14}" for door in losses))
    for step, row in enumerate(zip(*losses.values(), strict=True)):
        print(f"{step:>4}", *(f"{loss:14.8f}" for loss in row))
    first, *others = losses.values()
    if any(other != first for other in others):
        sys.exit("the losses differ")
    print(f"{len(first)} steps, equal losses through {len(losses)} doors")


if __name__ == "__main__":
    main()
