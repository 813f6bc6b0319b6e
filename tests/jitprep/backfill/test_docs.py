"""The examples of docs/training/backfill.md run unchanged. Those with webdataset are in tests/ray."""

from __future__ import annotations

import re
import shlex
from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from jitprep.backfill.aws import sdk_client
from preprocessing import Pipeline
from tests.photos import NAMES, photo

from .stage import ROOT, environment, invoke, use_threads

PAGE = (ROOT / "docs/training/backfill.md").read_text(encoding="utf-8")
COMMANDS = [
    command
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for command in block.replace("\\\n", "").splitlines()
]
PYTHON = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
PIPELINE = Pipeline.parse("resize:256/center_crop:224/npy")


@pytest.fixture(scope="module")
def backfilled(local):
    """Run the page's commands, and return their results."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(local.url).items():
            patch.setenv(name, value)
        s3 = sdk_client("s3")
        for bucket in ("photos", "copies"):
            s3.create_bucket(Bucket=bucket)
        for name in NAMES:
            s3.put_object(Bucket="photos", Key=f"train/{name}.jpg", Body=photo(name))
        stream = BytesIO()
        parquet.write_table(pa.table({"image": [photo(name) for name in NAMES]}), stream)
        s3.put_object(Bucket="photos", Key="tables/train.parquet", Body=stream.getvalue())
        use_threads(patch)
        yield [invoke(shlex.split(command)) for command in COMMANDS]


def test_the_commands(backfilled):
    dry, *real = backfilled
    assert f"{len(NAMES)} originals" in dry.stdout and f"{len(NAMES)} to do" in dry.stdout
    assert len(real) == 5
    for told in real:
        assert f"{len(NAMES)} done, 0 already there, 0 failed" in told.stdout, told.stderr


def block(containing: str) -> str:
    (found,) = [text for text in PYTHON if containing in text]
    return found


def test_reading_objects(backfilled):
    names: dict[str, object] = {}
    exec(block("list_objects_v2"), names)
    assert np.array_equal(names["image"], PIPELINE(photo(sorted(NAMES)[-1])))


def test_reading_parquet(backfilled, local):
    names: dict[str, object] = {}
    here = f'S3FileSystem(endpoint_override="{local.url}")'
    exec(block("pyarrow.dataset").replace("S3FileSystem()", here), names)
    keys, images = names["batch"]["key"].to_pylist(), names["images"]
    assert keys
    for key, image in zip(keys, images, strict=True):
        assert np.array_equal(image, PIPELINE(photo(Path(key).stem)))
