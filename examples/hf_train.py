"""Train with Hugging Face's Trainer, stop within an epoch, and resume. The losses must be equal.

    pip install '.[torch,demo]' transformers accelerate
    python examples/hf_train.py

`shared.py` has the photographs, the network and the comparison.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from shared import compare, in_folder, loss_of, network
from torch import nn
from transformers import Trainer, TrainerCallback, TrainingArguments, set_seed

from jitprep.reader import Reader
from jitprep.reader.torch import Loader

EPOCHS, STOP = 2, 5  # of eight steps


class Classifier(nn.Module):
    """A small network, which keeps its losses."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.network = network(classes)
        self.losses: list[float] = []

    def forward(self, images: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the loss of a batch."""
        loss = loss_of(self.network, images, labels)
        self.losses.append(loss.item())
        return {"loss": loss}


class Batches(TrainerCallback):
    """A loader for the Trainer: batches as arguments of the model, and its place in each checkpoint."""

    def __init__(self, loader: Loader, stop: int | None) -> None:
        self.loader, self.stop = loader, stop
        self.set_epoch = loader.set_epoch  # the Trainer calls it

    def __len__(self) -> int:
        return len(self.loader)

    def __iter__(self) -> Iterator[dict[str, torch.Tensor]]:
        for images, labels in self.loader:
            yield {"images": images, "labels": labels}

    def on_step_end(self, _: Any, state: Any, control: Any, **__: Any) -> None:
        """Interrupt the training."""
        if state.global_step == self.stop:
            control.should_save = control.should_training_stop = True

    def on_save(self, args: Any, state: Any, _: Any, **__: Any) -> None:
        """Save the loader's place beside the model."""
        file = Path(args.output_dir, f"checkpoint-{state.global_step}", "loader.json")
        file.write_text(json.dumps(self.loader.state_dict()))


class PhotoTrainer(Trainer):
    """Trainer on `Batches`."""

    def get_train_dataloader(self) -> Any:
        """Return the batches as they are."""
        return self.train_dataset


def train(
    photos: Reader, folder: Path, stop: int | None = None, resume: Path | None = None
) -> list[float]:
    """Train, to the end or to a checkpoint after a number of steps; return the losses."""
    set_seed(0)
    arguments = TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=EPOCHS,
        learning_rate=3e-3,
        lr_scheduler_type="constant",
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        use_cpu=True,
        ignore_data_skip=True,  # the loader begins at its place
    )
    with Loader(photos, labels="folder", batch_size=6, shuffle=True, num_workers=2) as loader:
        if resume is not None:
            loader.load_state_dict(json.loads((resume / "loader.json").read_text()))
        model, batches = Classifier(len(loader.classes or ())), Batches(loader, stop)
        trainer = PhotoTrainer(model, arguments, train_dataset=batches, callbacks=[batches])
        trainer.train(resume_from_checkpoint=None if resume is None else str(resume))
    return model.losses


def main() -> None:
    """Train with and without an interruption, and fail unless the losses are equal, bit for bit."""
    torch.set_num_threads(1)  # sums have one order
    with in_folder() as (photos, folder):
        whole = train(photos, folder)
        first = train(photos, folder, stop=STOP)
        rest = train(photos, folder, resume=folder / f"checkpoint-{STOP}")
    compare(whole, first, rest)


if __name__ == "__main__":
    main()
