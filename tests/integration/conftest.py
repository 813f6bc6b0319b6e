"""Endpoints for tests of everything together: a client, the endpoint, workers, handler, library."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import urllib3

from jitprep.service import s3

from ..paths import ROOT
from .support.http_client import Ask, asker


@pytest.fixture(scope="session")
def over_http_settings(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Environment of a function that is read over HTTP, with two more presets."""
    presets = tmp_path_factory.mktemp("presets") / "presets.toml"
    presets.write_text(
        (ROOT / "jitprep/service/presets.toml").read_text()
        + 'crop = "random_resized_crop:32/random_horizontal_flip/npy"\n'
        + 'large = "resize:1300,1300/npy"\n'
    )
    return {
        "JITPREP_PRESETS": str(presets),
        "JITPREP_BUCKETS": "photos,gone=no-such-bucket",
        "JITPREP_SPILL": "spilled/over",
        "JITPREP_REQUEST_OVERRIDES": "pipeline,seed",
    }


@pytest.fixture(scope="session")
def over_http(
    object_lambda_endpoint: Callable[..., Any],
    photos: Mapping[str, bytes],
    over_http_settings: Mapping[str, str],
) -> Any:
    """Like `local`, with a function that may read the bucket with its own role."""
    started = object_lambda_endpoint(task_root=ROOT, workers=2, worker_env=over_http_settings)
    client = started.client("s3")
    for bucket in ("photos", "spilled"):
        client.create_bucket(Bucket=bucket)
    for key, body in photos.items():
        client.put_object(Bucket="photos", Key=key, Body=body)
    return started


@pytest.fixture(scope="module")
def own_client() -> Iterator[None]:
    """Discard the S3 client of earlier tests, which may have no credentials."""
    s3.client.cache_clear()
    yield
    s3.client.cache_clear()


@pytest.fixture(scope="module")
def ask(over_http: Any) -> Ask:
    """Return a function that sends signed requests to the endpoint of `over_http`."""
    return asker(over_http.function_url(), urllib3.PoolManager())


ACTIONS = ("GetObject", "HeadObject", "ListObjects", "ListObjectsV2")
FEATURES = (
    "GetObject-Range",
    "GetObject-PartNumber",
    "HeadObject-Range",
    "HeadObject-PartNumber",
)


@pytest.fixture(scope="session")
def whole_alias_of(local: Any) -> Callable[[str], str]:
    """Like `alias_of`, with every action and every feature."""
    made: dict[str, str] = {}

    def alias(spec: str) -> str:
        if spec not in made:
            made[spec] = local.create_access_point(
                f"whole-{len(made)}",
                "photos",
                payload=json.dumps({"spec": spec}),
                actions=ACTIONS,
                features=FEATURES,
            )
        return made[spec]

    return alias


@pytest.fixture(scope="session")
def alias_of(local: Any) -> Callable[[str], str]:
    """Return the alias of an access point for a pipeline, created on first use."""
    made: dict[str, str] = {}

    def alias(spec: str) -> str:
        if spec not in made:
            payload = json.dumps({"spec": spec})
            made[spec] = local.create_access_point(
                f"integration-{len(made)}", "photos", payload=payload
            )
        return made[spec]

    return alias
