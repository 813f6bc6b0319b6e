"""A copy equals a read through an access point, in bytes and metadata."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from dataclasses import dataclass
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.photos import photo

# With results of fixed and of variable size, and with draws from key, ETag and seed.
SPECS = [
    "resize:32,24/npy",
    "resize:20/jpeg",
    "random_resized_crop:16/raw",
    "views:2,key=a/random_resized_crop:16/views:1,key=b/resize:8,8/safetensors",
]
SEED = 3
# Keys that need encoding, and metadata of the owner.
OWNERS = {
    "label": "7",
    "pipeline": "the owner's",
    "seed": "9",
    "shape": "round",
    "fingerprint": "f",
}
ORIGINALS = {
    "train/rocket.jpg": ("rocket", {}),
    "train/coffee & crème +100%.jpg": (
        "coffee",
        {"CacheControl": "max-age=60", "Metadata": OWNERS},
    ),
    "train/a.b/chelsea": ("chelsea", {}),
    "train/zipped": ("astronaut", {"ContentEncoding": "gzip"}),
}


@dataclass(frozen=True)
class Read:
    """Response to a read."""

    body: bytes
    content_type: str
    metadata: dict[str, str]
    cache_control: str | None = None


@pytest.fixture
def through_access_point(local, endpoint_stage):
    """Store the originals; return a function that reads them through an access point."""
    for key, (name, about) in ORIGINALS.items():
        body = gzip.compress(photo(name)) if "ContentEncoding" in about else photo(name)
        endpoint_stage.put(key, body, **about)

    def read(spec: str) -> dict[str, Read]:
        s3 = local.client("s3")
        s3.meta.events.register("before-sign.s3.GetObject", _ask_for_the_seed)
        alias = local.create_access_point(
            f"point-{endpoint_stage.source}",
            endpoint_stage.source,
            payload=json.dumps({"spec": spec}),
        )
        return {key: _read(s3.get_object(Bucket=alias, Key=key)) for key in ORIGINALS}

    return read


def _ask_for_the_seed(request: Any, **_: Any) -> None:
    request.headers["x-jitprep-seed"] = str(SEED)


def _read(answer: Any) -> Read:
    return Read(
        answer["Body"].read(), answer["ContentType"], answer["Metadata"], answer.get("CacheControl")
    )


def objects(stage) -> dict[str, Read]:
    keys = [entry["Key"] for entry in stage.s3.list_objects_v2(Bucket=stage.target)["Contents"]]
    assert all(key.startswith("small/") for key in keys)
    return {
        key.removeprefix("small/"): _read(stage.s3.get_object(Bucket=stage.target, Key=key))
        for key in keys
    }


def from_tar(stage) -> dict[str, Read]:
    (shard,) = stage.versions()
    found = {}
    with tarfile.open(fileobj=io.BytesIO(stage.read(shard)["Body"])) as tar:
        members = [(name, tar.extractfile(name).read()) for name in tar.getnames()]
    for (name, body), (about_name, about_text) in zip(members[::2], members[1::2], strict=True):
        about = json.loads(about_text)
        assert name.rpartition(".")[0] + ".json" == about_name
        found[about["key"]] = Read(body, about["content-type"], about["metadata"])
    return found


def from_parquet(stage) -> dict[str, Read]:
    (shard,) = stage.versions()
    table = pq.read_table(io.BytesIO(stage.read(shard)["Body"]))
    kind = table.schema.metadata[b"jitprep-content-type"].decode()
    rows = table.to_pylist()
    for row in rows:
        told = dict(row["metadata"])
        one_array = "=" not in told["jitprep-shape"]
        assert ",".join(map(str, row["shape"])) == (told["jitprep-shape"] if one_array else "")
        assert (told["jitprep-dtype"], told["jitprep-source-etag"]) == (row["dtype"], row["etag"])
    return {row["key"]: Read(row["body"], kind, dict(row["metadata"])) for row in rows}


@pytest.mark.parametrize("spec", SPECS)
def test_objects(endpoint_stage, through_access_point, spec):
    outcome = endpoint_stage.run(endpoint_stage.job(spec, seed=SEED))
    assert (outcome.done, outcome.failures) == (4, ())
    stored, read = objects(endpoint_stage), through_access_point(spec)
    for copy in stored.values():
        assert copy.metadata.pop("jitprep-mark")  # the mark of a copy
    assert stored == read
    assert OWNERS.items() <= stored["train/coffee & crème +100%.jpg"].metadata.items()


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize(("form", "from_shard"), [("tar", from_tar), ("parquet", from_parquet)])
def test_shards(endpoint_stage, through_access_point, spec, form, from_shard):
    outcome = endpoint_stage.run(endpoint_stage.job(spec, seed=SEED, format=form))
    assert (outcome.done, outcome.failures) == (4, ())
    expected = {
        key: Read(read.body, read.content_type, read.metadata)
        for key, read in through_access_point(spec).items()
    }
    assert from_shard(endpoint_stage) == expected
