"""Amazon S3 Connector for PyTorch, under torch's DataLoader."""

from __future__ import annotations

import io

import numpy as np
import torch
from protocol import Job, Read, main, words_of
from s3torchconnector import (
    S3Checkpoint,
    S3ClientConfig,
    S3IterableDataset,
    S3MapDataset,
    S3Reader,
    S3ReaderConstructor,
)
from torch.utils.data import DataLoader


def connect(job: Job) -> dict[str, object]:
    return {
        "endpoint": job.endpoint,
        "region": "us-east-1",
        "s3client_config": S3ClientConfig(force_path_style=True),
    }


def whole(reader: S3Reader) -> tuple[str, bytes]:
    return reader.key, reader.read()


def as_tensor(reader: S3Reader) -> tuple[str, torch.Tensor]:
    return reader.key, torch.from_numpy(np.load(io.BytesIO(reader.read())))


def map_dataset(job: Job) -> Read:
    uri = f"s3://{job.bucket}/{job.prefix}"
    dataset = S3MapDataset.from_prefix(uri, transform=whole, **connect(job))
    return dict(DataLoader(dataset, batch_size=None))


def map_dataset_of_objects(job: Job) -> Read:
    uris = [f"s3://{job.bucket}/{key}" for key in job.keys]
    dataset = S3MapDataset.from_objects(uris, transform=whole, **connect(job))
    return dict(DataLoader(dataset, batch_size=None))


def map_dataset_two_workers(job: Job) -> Read:
    uri = f"s3://{job.bucket}/{job.prefix}"
    dataset = S3MapDataset.from_prefix(uri, transform=whole, **connect(job))
    return dict(DataLoader(dataset, batch_size=None, num_workers=2))


def iterable_dataset(job: Job) -> Read:
    uri = f"s3://{job.bucket}/{job.prefix}"
    dataset = S3IterableDataset.from_prefix(uri, transform=whole, **connect(job))
    return dict(DataLoader(dataset, batch_size=None))


def iterable_dataset_two_workers(job: Job) -> Read:
    uri = f"s3://{job.bucket}/{job.prefix}"
    options = {"enable_sharding": True, **connect(job)}
    dataset = S3IterableDataset.from_prefix(uri, transform=whole, **options)
    return dict(DataLoader(dataset, batch_size=None, num_workers=2))


def batches_of_tensors(job: Job) -> Read:
    uri = f"s3://{job.bucket}/{job.prefix}"
    dataset = S3MapDataset.from_prefix(uri, transform=as_tensor, **connect(job))
    read = {}
    for keys, tensors in DataLoader(dataset, batch_size=len(job.keys) // 2, num_workers=2):
        read |= {key: tensor.numpy().tobytes() for key, tensor in zip(keys, tensors, strict=True)}
    return read


def range_based_of_objects(job: Job) -> Read:
    uris = [f"s3://{job.bucket}/{key}" for key in job.keys]
    options = {"reader_constructor": S3ReaderConstructor.range_based(), **connect(job)}
    dataset = S3MapDataset.from_objects(uris, transform=whole, **options)
    return dict(DataLoader(dataset, batch_size=None))


def range_based(job: Job) -> Read:
    uri = f"s3://{job.bucket}/{job.prefix}"
    options = {"reader_constructor": S3ReaderConstructor.range_based(), **connect(job)}
    dataset = S3MapDataset.from_prefix(uri, transform=whole, **options)
    return dict(DataLoader(dataset, batch_size=None))


def limits(job: Job) -> Read:
    uri = f"s3://{job.bucket}/{job.prefix}"
    missing = S3MapDataset.from_objects([f"{uri}missing.jpg"], transform=whole, **connect(job))

    def write() -> None:
        with S3Checkpoint(**connect(job)).writer(f"{uri}missing.jpg") as file:
            file.write(b"text")

    return {
        "missing": words_of(lambda: missing[0]),
        "written": words_of(write),
        "keys": len(S3MapDataset.from_prefix(uri, **connect(job))),
    }


if __name__ == "__main__":
    main(
        "s3torchconnector",
        *(map_dataset, map_dataset_of_objects, map_dataset_two_workers),
        *(iterable_dataset, iterable_dataset_two_workers, batches_of_tensors),
        *(range_based_of_objects, range_based, limits),
    )
