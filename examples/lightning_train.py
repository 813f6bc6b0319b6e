"""Train with Lightning, stop within an epoch, and resume. The losses must be equal, bit for bit.

    pip install '.[torch,demo]' pytorch-lightning
    python examples/lightning_train.py

`shared.py` has the photographs, the network and the comparison.
"""

from __future__ import annotations

from pathlib import Path

import pytorch_lightning as lightning
import torch
from pytorch_lightning.callbacks import ModelCheckpoint
from shared import compare, in_folder, loss_of, network

from jitprep.reader import Reader
from jitprep.reader.torch import Loader

EPOCHS, STOP = 2, 5  # of eight steps


class Classifier(lightning.LightningModule):
    """A small network, which keeps its losses."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.network = network(classes)
        self.losses: list[float] = []

    def on_train_epoch_start(self) -> None:
        """Change the order and the crops. In an epoch that is resumed, this keeps the place."""
        self.trainer.train_dataloader.set_epoch(self.current_epoch)

    def training_step(self, batch: list[torch.Tensor], _: int) -> torch.Tensor:
        """Return the loss of a batch."""
        images, labels = batch
        loss = loss_of(self.network, images, labels)
        self.losses.append(loss.item())
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return AdamW."""
        return torch.optim.AdamW(self.parameters(), lr=3e-3)


def train(photos: Reader, folder: Path, steps: int = -1, resume: Path | None = None) -> list[float]:
    """Train up to a step, by default to the end; return the losses."""
    # The loader's place is in the checkpoints.
    save = ModelCheckpoint(folder, "{step}", every_n_train_steps=STOP)
    lightning.seed_everything(0, verbose=False)
    with Loader(photos, labels="folder", batch_size=6, shuffle=True, num_workers=2) as loader:
        model = Classifier(len(loader.classes or ()))
        trainer = lightning.Trainer(
            max_epochs=EPOCHS,
            max_steps=steps,
            accelerator="cpu",
            deterministic=True,
            callbacks=save,
            logger=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        trainer.fit(model, loader, ckpt_path=resume)
    return model.losses


def main() -> None:
    """Train with and without an interruption, and fail unless the losses are equal, bit for bit."""
    torch.set_num_threads(1)  # sums have one order
    with in_folder() as (photos, folder):
        whole = train(photos, folder / "whole")
        first = train(photos, folder / "part", steps=STOP)
        rest = train(photos, folder / "part", resume=folder / f"part/step={STOP}.ckpt")
    compare(whole, first, rest)


if __name__ == "__main__":
    main()
