"""Presets and seeds that clients choose, where the operator allows it."""

from __future__ import annotations

import json

import pytest

from jitprep.service.config import config
from jitprep.service.results.derived_object import derived_etag
from preprocessing import Pipeline, Seed

from .object_lambda.test_get_object import PAYLOAD, serve_photo

RANDOM = "random_resized_crop:16/random_horizontal_flip/npy"


@pytest.fixture
def overrides(monkeypatch, s3):
    """Allow requests to choose."""
    monkeypatch.setenv("JITPREP_REQUEST_OVERRIDES", "seed, pipeline")
    config.cache_clear()
    yield
    config.cache_clear()


def test_a_random_pipeline_draws_from_the_objects_identity(s3, invoke):
    """A notebook gets the same bytes as the read when it passes the same key and ETag."""
    body = serve_photo(s3)
    pipeline = Pipeline.parse(RANDOM)
    first, second = (invoke(s3.event(json.dumps({"spec": RANDOM}))) for _ in range(2))
    assert first.body == second.body
    assert first.body == pipeline.encode(body, seed=Seed(0, "a photo.jpg", '"source"')).body
    assert first.headers["x-amz-meta-jitprep-seed"] == "0"


@pytest.mark.parametrize("how", ["query", "header"])
def test_a_request_may_pass_its_seed_where_that_is_allowed(s3, invoke, overrides, how):
    body = serve_photo(s3)
    asked = (
        {"url": "/a%20photo.jpg?seed=7"} if how == "query" else {"headers": {"X-Jitprep-Seed": "7"}}
    )
    written = invoke(s3.event(json.dumps({"spec": RANDOM}), **asked))
    seed = Seed(7, "a photo.jpg", '"source"')
    assert written.body == Pipeline.parse(RANDOM).encode(body, seed=seed).body
    fingerprint = Pipeline.parse(RANDOM).fingerprint
    assert written.headers["x-amz-fwd-header-etag"] == derived_etag('"source"', fingerprint, 7)
    assert derived_etag('"source"', fingerprint, 7) != derived_etag('"source"', fingerprint, 0)


def test_a_seed_does_not_change_the_identity_of_what_draws_nothing(s3, invoke, overrides):
    serve_photo(s3)
    etags = {
        invoke(s3.event(PAYLOAD, url=f"/a.jpg?seed={n}")).headers["x-amz-fwd-header-etag"]
        for n in (0, 1)
    }
    assert len(etags) == 1


def test_a_request_may_choose_a_preset_where_that_is_allowed(s3, invoke, overrides):
    serve_photo(s3)
    written = invoke(s3.event(PAYLOAD, url="/a.jpg?pipeline=imagenet"))
    assert written.headers["x-amz-meta-jitprep-pipeline"].startswith("resize:256/center_crop:224")


@pytest.mark.parametrize("seed", ["-1", "x", "1.5", str(2**63), "9" * 5000, "³"])
def test_a_seed_that_is_not_a_number_is_refused(s3, invoke, overrides, seed):
    serve_photo(s3)
    written = invoke(s3.event(PAYLOAD, headers={"x-jitprep-seed": seed}))
    assert (written.status, written.code) == (400, "InvalidSeed")


@pytest.mark.parametrize("query", ["seed=1", "pipeline=imagenet"])
def test_overrides_are_refused_by_default(s3, invoke, query):
    serve_photo(s3)
    written = invoke(s3.event(PAYLOAD, url=f"/a.jpg?{query}"))
    assert (written.status, written.code) == (400, "OverrideNotAllowed")
