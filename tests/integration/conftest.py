"""The whole road: a client, the endpoint, real workers, the handler, the library."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from ..paths import ROOT


@pytest.fixture(scope="session")
def over_http_settings(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The environment of a function that is read over HTTP, with two more presets."""
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
    """As `local`, with a function that may read the bucket by itself."""
    started = object_lambda_endpoint(task_root=ROOT, workers=2, worker_env=over_http_settings)
    s3 = started.client("s3")
    for bucket in ("photos", "spilled"):
        s3.create_bucket(Bucket=bucket)
    for key, body in photos.items():
        s3.put_object(Bucket="photos", Key=key, Body=body)
    return started


ACTIONS = ("GetObject", "HeadObject", "ListObjects", "ListObjectsV2")
FEATURES = (
    "GetObject-Range",
    "GetObject-PartNumber",
    "HeadObject-Range",
    "HeadObject-PartNumber",
)


@pytest.fixture(scope="session")
def whole_alias_of(local: Any) -> Callable[[str], str]:
    """As `alias_of`, with every action and every feature."""
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
    """Return the alias of an access point with a pipeline, made when first asked for."""
    made: dict[str, str] = {}

    def alias(spec: str) -> str:
        if spec not in made:
            payload = json.dumps({"spec": spec})
            made[spec] = local.create_access_point(f"road-{len(made)}", "photos", payload=payload)
        return made[spec]

    return alias
