"""Train a small network on photographs, read in each way. The losses must be equal, bit for bit.

    pip install '.[torch,demo]'
    python examples/train.py                      # access point, Function URL, Invoke, folder, overflow
    python examples/train.py --epochs 8 folder    # some of them

`doors.py` starts a local endpoint with these doors. On AWS, only the addresses differ. In the last way,
this machine transforms the folder's photographs, and the function those that it cannot make in time.
"""

from __future__ import annotations

import argparse

import torch
from doors import DOORS, opened
from shared import PIPELINE, loss_of, network, require_equal

from jitprep.reader import Reader
from jitprep.reader.torch import Loader

BATCH = 8
OVERFLOW = "overflow"
WAYS = (*DOORS, OVERFLOW)


def train(loader: Loader, epochs: int) -> list[float]:
    """Train the network to name the photograph of a random crop; return the loss of each step."""
    torch.manual_seed(0)
    assert loader.classes is not None
    model = network(len(loader.classes))
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    losses = []
    for epoch in range(epochs):
        loader.set_epoch(epoch)  # changes the order and the crops
        for images, targets in loader:
            loss = loss_of(model, images, targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses


def loaded(reader: Reader, overflow: Reader | None) -> Loader:
    """Return the loader of a reader."""
    return Loader(
        reader,
        labels="folder",  # "rocket/2.jpg" is of the class "rocket"
        batch_size=BATCH,
        shuffle=True,
        num_workers=2,
        start_method="forkserver",  # the endpoint has threads in this process
        overflow=overflow,
    )


def main() -> None:
    """Train in each way, print the losses, and fail unless they are equal."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("ways", nargs="*", metavar="way", help=f"one of {', '.join(WAYS)}")
    parser.add_argument("--epochs", type=int, default=4)
    asked = parser.parse_args()
    if unknown := set(asked.ways) - set(WAYS):
        parser.error(f"unknown way {unknown.pop()}; choose from {', '.join(WAYS)}")
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)  # sums have one order
    losses = {}
    with opened() as readers:
        print(f"{PIPELINE}, with epochs as seeds")
        for way in asked.ways or WAYS:
            overflow = readers["invoke"] if way == OVERFLOW else None
            with loaded(readers["folder" if overflow else way], overflow) as loader:
                losses[way] = train(loader, asked.epochs)
    require_equal(losses)


if __name__ == "__main__":
    main()
