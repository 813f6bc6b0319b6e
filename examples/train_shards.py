"""Train on tar shards that are transformed while WebDataset reads them. The losses must be equal.

    pip install '.[torch,demo,server]' webdataset
    python examples/train_shards.py

Two shards of photographs are read in three ways: through an access point, a Function URL and a server.
The losses are those of the same photographs, transformed one by one by this machine. WebDataset needs
nothing of jitprep: it reads an address with curl, as it reads any shard.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
import webdataset
from shared import PIPELINE, loss_of, network, objects, require_equal

from jitprep.emulator import Endpoint, EndpointConfig
from jitprep.emulator.testing import LocalObjectLambda
from preprocessing import Pipeline, Seed

ROOT = Path(__file__).parents[1]
SPEC = f"tar/{PIPELINE}"
BUCKET, EPOCHS, BATCH = "shards", 2, 6
PHOTOS = objects()
CLASSES = sorted({key.partition("/")[0] for key in PHOTOS})

# A sample: its tensor, and the number of its class.
Sample = tuple[torch.Tensor, int]


def packed() -> dict[str, bytes]:
    """Return the photographs in two shards, each photograph with its class, in WebDataset's layout."""
    shards = {}
    for number in range(2):
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w") as archive:
            for key in list(PHOTOS)[number::2]:
                name, label = key.removesuffix(".jpg"), CLASSES.index(key.partition("/")[0])
                for extension, body in (("cls", str(label).encode()), ("jpg", PHOTOS[key])):
                    info = tarfile.TarInfo(f"{name}.{extension}")
                    info.size = len(body)
                    archive.addfile(info, io.BytesIO(body))
        shards[f"train-{number}.tar"] = stream.getvalue()
    return shards


def from_shards(addresses: Iterable[str]) -> Iterator[Sample]:
    """Yield the samples of transformed shards, as WebDataset reads them."""
    dataset = webdataset.WebDataset(list(addresses), shardshuffle=False, empty_check=False)
    for image, label in dataset.decode().to_tuple("npy", "cls"):
        yield torch.from_numpy(image), label


def one_by_one(shards: Mapping[str, bytes], epoch: int) -> Iterator[Sample]:
    """Yield the same samples from single photographs: random steps draw by the key and the shard."""
    pipeline = Pipeline.parse(PIPELINE)
    for shard in shards.values():
        etag = f'"{hashlib.md5(shard, usedforsecurity=False).hexdigest()}"'  # S3's of this upload
        with tarfile.open(fileobj=io.BytesIO(shard)) as archive:
            names = [name for name in archive.getnames() if name.endswith(".jpg")]
        for name in names:
            seed = Seed(epoch, name.removesuffix(".jpg"), etag)
            label = CLASSES.index(name.partition("/")[0])
            yield torch.from_numpy(pipeline(PHOTOS[name], seed=seed)), label


def train(samples_of: Iterable[Iterable[Sample]]) -> list[float]:
    """Train on the samples of each epoch; return the loss of each step."""
    torch.manual_seed(0)
    model = network(len(CLASSES))
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    losses = []
    for samples in samples_of:
        for batch in torch.utils.data.DataLoader(list(samples), BATCH):
            loss = loss_of(model, *batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses


@contextmanager
def doors(shards: Mapping[str, bytes]) -> Iterator[dict[str, Callable[[str, int], str]]]:
    """Start an endpoint and a server; return for each door the address of a shard and an epoch."""
    with TemporaryDirectory() as scratch, Path(os.devnull).open("w") as log:
        presets = Path(scratch, "presets.toml")
        presets.write_text(f'default = "shards"\n[presets]\nshards = "{SPEC}"\n')
        settings = {
            "JITPREP_BUCKETS": BUCKET,
            "JITPREP_PRESETS": str(presets),
            "JITPREP_REQUEST_OVERRIDES": "seed",
        }
        config = EndpointConfig(port=0, task_root=ROOT, output=log, worker_env=settings)
        with Endpoint(config) as endpoint, served(Path(scratch), shards) as server:
            local = LocalObjectLambda(endpoint)
            s3 = local.client("s3")
            s3.create_bucket(Bucket=BUCKET)
            for key, body in shards.items():
                s3.put_object(Bucket=BUCKET, Key=key, Body=body)
            payload = json.dumps({"spec": SPEC})
            place = {"Bucket": local.create_access_point("shards", BUCKET, payload=payload)}
            presigned = {
                name: s3.generate_presigned_url("get_object", {**place, "Key": name})
                for name in shards
            }
            signed = ["-u", f"{config.access_key}:{config.secret_key}"]
            signed += ["--aws-sigv4", f"aws:amz:{config.region}:lambda"]
            yield {
                "access point": lambda name, epoch: curl(presigned[name], epoch),
                "function URL": lambda name, epoch: curl(
                    f"{local.function_url()}/{BUCKET}/{name}", epoch, *signed
                ),
                "server": lambda name, epoch: curl(f"{server}/shards/{name}", epoch),
            }


def curl(url: str, epoch: int, *options: str) -> str:
    """Return WebDataset's address of what curl reads."""
    seed = ["-H", f"x-jitprep-seed: {epoch}"]
    return "pipe:" + shlex.join(["curl", "-sSf", *seed, *options, url])


@contextmanager
def served(scratch: Path, shards: Mapping[str, bytes]) -> Iterator[str]:
    """Serve the shards from a folder with ``jitprep serve``; return its URL."""
    folder, log = scratch / "folder", scratch / "server.log"
    folder.mkdir()
    for name, body in shards.items():
        (folder / name).write_bytes(body)
    config = scratch / "jitprep.toml"
    config.write_text(
        f'workers = 1\n[mounts.shards]\nsource = "{folder}"\npipeline = "{SPEC}"\n'
        'overrides = ["seed"]\nanonymous = true\n'
    )
    command = [sys.executable, "-m", "jitprep.server", "--config", str(config), "--port", "0"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)  # noqa: S603
    try:
        while not (found := re.search(r" at (http://\S+:\d+)", log.read_text())):
            if process.poll() is not None:
                sys.exit(log.read_text())
            time.sleep(0.1)
        yield found[1]
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    """Train in each way, print the losses, and fail unless they are equal."""
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)  # sums have one order
    shards = packed()
    losses = {"one by one": train(one_by_one(shards, epoch) for epoch in range(EPOCHS))}
    with doors(shards) as addresses:
        for way, address in addresses.items():
            losses[way] = train(
                from_shards(address(name, epoch) for name in shards) for epoch in range(EPOCHS)
            )
    print(f"{SPEC}, with epochs as seeds")
    require_equal(losses)


if __name__ == "__main__":
    main()
