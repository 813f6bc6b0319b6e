"""Doors that read with the function's own credentials, on a store that verifies signatures."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from preprocessing import Pipeline, Seed

from .conftest import KEYS, SPEC

FUNCTION = Path(__file__).with_name("function.py")


def invoke(events: Sequence[Mapping[str, Any]], environment: Mapping[str, str]) -> list[Any]:
    """Return the function's responses to events, from a process with this environment."""
    done = subprocess.run(
        [sys.executable, str(FUNCTION)],
        input=json.dumps(list(events)),
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def settings(store, bucket, copies) -> dict[str, str]:
    return {
        **store.environment,
        "AWS_REGION": "us-east-1",
        "JITPREP_BUCKETS": bucket,
        "JITPREP_OUTPUTS": copies,
        "JITPREP_REQUEST_OVERRIDES": "seed",
        "JITPREP_PRESETS": str(FUNCTION.with_name("presets.toml")),
    }


@pytest.fixture(scope="module")
def made(s3, bucket, originals) -> Mapping[str, bytes]:
    """The library's result for each photograph, with seed 3."""
    pipeline = Pipeline.parse(SPEC)
    return {
        key: bytes(
            pipeline.encode(
                body, seed=Seed(3, key, s3.head_object(Bucket=bucket, Key=key)["ETag"])
            ).body
        )
        for key, body in originals.items()
    }


def http_event(bucket: str, key: str) -> dict[str, Any]:
    """A Function URL's event, as Lambda sends it."""
    path = f"/{bucket}/{key}"
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "seed=3",
        "queryStringParameters": {"seed": "3"},
        "headers": {},
        "requestContext": {
            "accountId": "123456789012",
            "domainName": "x.lambda-url.us-east-1.on.aws",
            "http": {"method": "GET", "path": path, "sourceIp": "127.0.0.1", "userAgent": "test"},
            "requestId": "one",
            "stage": "$default",
            "timeEpoch": 0,
        },
        "isBase64Encoded": False,
    }


def test_http(settings, bucket, made):
    answers = invoke([http_event(bucket, quote(key, safe="/")) for key in KEYS], settings)
    for key, answer in zip(KEYS, answers, strict=True):
        assert answer["statusCode"] == 200, (key, answer)
        assert base64.b64decode(answer["body"]) == made[key], key


def test_invoke_one_by_one_and_many_at_once(settings, bucket, made):
    one = [{"bucket": bucket, "key": key, "spec": SPEC, "seed": 3} for key in KEYS]
    many = {"bucket": bucket, "keys": list(KEYS), "spec": SPEC, "seed": 3}
    *answers, batch = invoke([*one, many], settings)
    for key, answer in zip(KEYS, answers, strict=True):
        assert base64.b64decode(answer["body"]) == made[key], key
    assert (batch["keys"], batch["errors"]) == (list(KEYS), [])


def test_batch_operations_write_copies(settings, s3, bucket, copies, made):
    event = {
        "invocationSchemaVersion": "2.0",
        "invocationId": "one",
        "job": {
            "id": "job",
            "userArguments": {"spec": SPEC, "to": f"s3://{copies}/made", "seed": "3"},
        },
        "tasks": [],
    }
    tasks = [
        {"taskId": str(n), "s3Bucket": bucket, "s3Key": quote(key, safe=""), "s3VersionId": None}
        for n, key in enumerate(KEYS)
    ]
    for again in range(2):
        answers = invoke([{**event, "tasks": [task]} for task in tasks], settings)
        for key, answer in zip(KEYS, answers, strict=True):
            assert answer["results"][0]["resultCode"] == "Succeeded", (again, key, answer)
            stored = s3.get_object(Bucket=copies, Key=f"made/{key}")["Body"].read()
            assert stored == made[key], key


def test_a_wrong_secret_has_the_stores_error(settings, bucket):
    wrong = {**settings, "AWS_SECRET_ACCESS_KEY": "not-it"}
    (answer,) = invoke([{"bucket": bucket, "key": KEYS[0], "spec": SPEC}], wrong)
    assert (answer["statusCode"], answer["errorCode"]) == (403, "SignatureDoesNotMatch")
