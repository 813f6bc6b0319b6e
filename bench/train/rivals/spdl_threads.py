"""SPDL: threads in this process, with torchvision's tensors or with its own decoder, FFmpeg's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import spdl.io
import torch
from spdl.pipeline import PipelineBuilder
from torchvision.io import read_file

from bench.train.torchvision_tensors import TensorTransform
from bench.train.workload import Epoch, Workload

_AHEAD = 3


@contextmanager
def tensors(workload: Workload) -> Iterator[Epoch]:
    """Yield epochs of torchvision's transform."""
    transform = TensorTransform(workload)
    torch.set_num_threads(1)

    def read(path: str) -> torch.Tensor:
        return transform(read_file(path))

    yield lambda _: _batches(workload, read, torch.stack)


@contextmanager
def own_decoder(workload: Workload) -> Iterator[Epoch]:
    """Yield epochs of SPDL's decoder, with FFmpeg's scaling and cropping."""
    side, crop = workload.resize, workload.crop
    scaled = f"scale={side}:{side}:force_original_aspect_ratio=increase:flags=bilinear"
    filters = f"{scaled},crop={crop}:{crop},format=rgb24"

    def read(path: str) -> Any:
        return spdl.io.decode_packets(spdl.io.demux_image(path), filter_desc=filters)

    def batch(frames: list[Any]) -> torch.Tensor:
        rows = spdl.io.to_torch(spdl.io.convert_frames(frames))
        return rows.permute(0, 3, 1, 2).contiguous()

    yield lambda _: _batches(workload, read, batch)


def _batches(
    workload: Workload, read: Callable[[str], Any], batch: Callable[[list[Any]], torch.Tensor]
) -> Iterable[torch.Tensor]:
    pipeline = (
        PipelineBuilder()
        .add_source(workload.paths)
        .pipe(read, concurrency=workload.workers, output_order="input")
        .aggregate(workload.batch)
        .pipe(batch)
        .add_sink(_AHEAD)
        .build(num_threads=workload.workers)
    )
    with pipeline.auto_stop():
        yield from pipeline
