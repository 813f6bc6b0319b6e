"""An account in moto, and the handler in the environment of the deployed function."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from moto import mock_aws

from jitprep.service import config, pipeline_choice
from jitprep.service import s3 as own
from jitprep.service.aws import write_get_object_response
from jitprep.service.source import bucket_source
from tests.deploy import stack


@contextmanager
def account() -> Iterator[None]:
    """Connect every boto3 client to an empty account."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE"):
            patch.delenv(name, raising=False)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            patch.setenv(name, "test")
        patch.setenv("AWS_DEFAULT_REGION", stack.REGION)
        with mock_aws():
            yield


@contextmanager
def as_function(outputs: dict[str, Any]) -> Iterator[None]:
    """Give the handler the environment of a deployed function."""
    name, _, _ = outputs["FunctionName"].partition(":")  # moto makes no alias
    found = boto3.client("lambda").get_function_configuration(FunctionName=name)
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in found["Environment"]["Variables"].items():
            patch.setenv(variable, value)
        _forget()
        yield
    _forget()


@pytest.fixture
def aws() -> Iterator[None]:
    """An empty account."""
    with account():
        yield


def _forget() -> None:
    caches = (config.config, own.client, pipeline_choice.choose, bucket_source._place)
    for made in (*caches, write_get_object_response.located):
        made.cache_clear()
