"""Buckets for the tests of Invoke."""

from __future__ import annotations

import pytest

from jitprep.service.config import config

from ...scripted_s3 import Answer
from .invoke.invoking import KEYS, put
from .object_lambda.test_get_object import photo


@pytest.fixture
def photos(s3, monkeypatch):
    """A bucket of three photographs."""
    monkeypatch.setenv("JITPREP_BUCKETS", "photos=company-photos")
    config.cache_clear()
    bodies = {key: photo(40 + 10 * i, 60) for i, key in enumerate(KEYS)}
    for key, body in bodies.items():
        put(s3, key, body)
    s3.answer = Answer(404, body=b"<Error><Code>NoSuchKey</Code><Message>Gone.</Message></Error>")
    return bodies


@pytest.fixture
def mixed(photos, s3):
    put(s3, "words.jpg", b"these are words")
    put(s3, "cut.jpg", photos[KEYS[0]][:700])
    put(s3, "empty/", b"")
    return photos
