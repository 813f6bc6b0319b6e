"""webdataset: shards of photographs, read in order, and torchvision's tensors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import webdataset as wds

from bench.train.rivals.prepared import prepared
from bench.train.torchvision_tensors import TensorTransform
from bench.train.workload import Epoch, Workload

_SHARDS = 8


@contextmanager
def loader(workload: Workload) -> Iterator[Epoch]:
    """Yield the epochs of a WebLoader, whose workers make batches."""
    folder = prepared(f"webdataset-{len(workload.keys)}", lambda path: _write(workload, path))
    shards = sorted(str(path) for path in folder.iterdir())
    dataset = (
        wds.WebDataset(shards, shardshuffle=False)
        .to_tuple("jpg")
        .map_tuple(TensorTransform(workload))
        .batched(workload.batch, partial=True)
    )
    made = wds.WebLoader(
        dataset, batch_size=None, num_workers=workload.workers, persistent_workers=True
    )
    yield lambda _: made


def _write(workload: Workload, folder: Path) -> None:
    for shard in range(_SHARDS):
        with wds.TarWriter(str(folder / f"{shard}.tar")) as writer:
            for number in range(shard, len(workload.keys), _SHARDS):
                body = Path(workload.paths[number]).read_bytes()
                writer.write({"__key__": f"{number:06}", "jpg": body})
