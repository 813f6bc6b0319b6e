"""What every test may ask for: a scripted S3, a local endpoint with photographs, Hypothesis profiles.

Hypothesis draws the same examples every time, so that a red run can be repeated. To look for new ones:
``pytest tests/preprocessing --hypothesis-profile=explore``.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import pytest

from .paths import ROOT
from .scripted_s3 import (
    ask,  # noqa: F401
    invoke,  # noqa: F401
    s3,  # noqa: F401
)

with suppress(ImportError):  # the environments of torch and of the notebooks do without
    from hypothesis import HealthCheck, settings

    _SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large)
    settings.register_profile(
        "laws", max_examples=60, derandomize=True, deadline=None, suppress_health_check=_SLOW
    )
    settings.register_profile(
        "explore", max_examples=2000, deadline=None, suppress_health_check=_SLOW
    )
    settings.load_profile("laws")


def pytest_collection_finish() -> None:
    """Leave ten thousand collected tests out of garbage collections, which they would make slow."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def photos() -> Mapping[str, bytes]:
    """Twenty photographs: the six that scikit-image ships, whole and cut into quarters."""
    from jitprep.cli.demo_data.photos import photographs
    from preprocessing import Pipeline

    whole = photographs()
    cut = {
        f"{top}-{left}-{key}": bytes(
            Pipeline.parse(f"crop:{top},{left},150,200/jpeg").encode(body).body
        )
        for key, body in whole.items()
        for top, left in ((0, 0), (150, 0), (0, 200))
    }
    return dict(list({**whole, **cut}.items())[:20])


@pytest.fixture(scope="session")
def local(object_lambda_endpoint: Callable[..., Any], photos: Mapping[str, bytes]) -> Any:
    """An endpoint with two workers that run our handler, and the photographs in a bucket."""
    started = object_lambda_endpoint(task_root=ROOT, workers=2)
    client = started.client("s3")
    client.create_bucket(Bucket="photos")
    for key, body in photos.items():
        client.put_object(Bucket="photos", Key=key, Body=body)
    return started
