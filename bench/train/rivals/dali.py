"""NVIDIA DALI on the CPU: its reader, decoder, resampling and threads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from nvidia.dali import fn, pipeline_def, types
from nvidia.dali.plugin.base_iterator import LastBatchPolicy
from nvidia.dali.plugin.pytorch import DALIGenericIterator

from bench.train.workload import Epoch, Workload


@contextmanager
def loader(workload: Workload) -> Iterator[Epoch]:
    """Yield the epochs of a pipeline without a GPU."""

    @pipeline_def(batch_size=workload.batch, num_threads=workload.workers, device_id=None)
    def define() -> object:
        encoded, _ = fn.readers.file(files=workload.paths, name="photographs")
        images = fn.decoders.image(encoded, device="cpu", output_type=types.RGB)
        images = fn.resize(images, resize_shorter=workload.resize, antialias=True)
        return fn.crop_mirror_normalize(
            images, crop=(workload.crop, workload.crop), dtype=types.UINT8, output_layout="CHW"
        )

    made = DALIGenericIterator(
        define(),
        ["image"],
        reader_name="photographs",
        last_batch_policy=LastBatchPolicy.PARTIAL,
        auto_reset=True,
    )
    yield lambda _: (batch[0]["image"] for batch in made)
