"""A client of the S3 inside, and an empty bucket."""

from __future__ import annotations

import pytest

from ..buckets import new_bucket


@pytest.fixture
def s3(local):
    return local.client("s3")


@pytest.fixture
def bucket(s3):
    return new_bucket(s3)
