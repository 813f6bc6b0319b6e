"""A local endpoint with photographs in a bucket, and a reader for each door to them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO

from shared import PIPELINE, objects, write

from jitprep.emulator import Endpoint, EndpointConfig
from jitprep.emulator.testing import LocalObjectLambda
from jitprep.reader import Reader, open_reader

DOORS = ("access-point", "function-url", "invoke", "folder")
_BUCKET = "photos"
_ACTIONS = ("GetObject", "ListObjectsV2")


@contextmanager
def opened() -> Iterator[Mapping[str, Reader]]:
    """Start the endpoint, and open a reader for each door."""
    with TemporaryDirectory() as scratch:
        folder, presets = Path(scratch, "photos"), Path(scratch, "presets.toml")
        presets.write_text(f'default = "crops"\n[presets]\ncrops = "{PIPELINE}"\n')
        settings = {
            "JITPREP_BUCKETS": _BUCKET,
            "JITPREP_PRESETS": str(presets),
            "JITPREP_REQUEST_OVERRIDES": "seed,pipeline",
        }
        with Path(os.devnull).open("w") as log, _endpoint(settings, log) as endpoint:
            local = LocalObjectLambda(endpoint)
            _upload(local)
            write(folder)
            yield _doors(local, folder)


def _endpoint(settings: Mapping[str, str], log: TextIO) -> Endpoint:
    root = Path(__file__).parents[1]
    return Endpoint(EndpointConfig(port=0, task_root=root, output=log, worker_env=settings))


def _upload(local: LocalObjectLambda) -> None:
    s3 = local.client("s3")
    s3.create_bucket(Bucket=_BUCKET)
    for key, body in objects().items():
        s3.put_object(Bucket=_BUCKET, Key=key, Body=body)


def _doors(local: LocalObjectLambda, folder: Path) -> dict[str, Reader]:
    settings = local.endpoint.config
    os.environ |= {
        "AWS_ACCESS_KEY_ID": settings.access_key,
        "AWS_SECRET_ACCESS_KEY": settings.secret_key,
        "AWS_DEFAULT_REGION": settings.region,
    }
    payload = json.dumps({"spec": PIPELINE})
    alias = local.create_access_point("crops", _BUCKET, payload=payload, actions=_ACTIONS)
    url, function = local.function_url(), settings.function_name
    at = {"endpoint_url": local.url}
    return {
        "access-point": open_reader(f"s3://{alias}", **at),
        "function-url": open_reader(f"{url}/{_BUCKET}", preset="crops"),
        "invoke": open_reader(f"lambda:{function}/{_BUCKET}", pipeline=PIPELINE, **at),
        "folder": open_reader(f"file:{folder}", pipeline=PIPELINE),
    }
