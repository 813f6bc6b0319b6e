"""Buckets for the tests of Invoke."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from handler.app import stream_handler
from handler.doors.streamed import StreamedReply
from jitprep.service.config import config

from ...scripted_s3 import Answer, Context
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


@pytest.fixture
def stream(s3) -> Callable[..., tuple[dict[str, Any], bytes, StreamedReply]]:
    """Call the handler with an event whose answer is streamed; return its head, its body and itself."""

    def call(event, remaining_ms=60_000):
        sent = []

        def send(reply):
            whole = isinstance(reply.body, bytes | bytearray)
            pieces = [bytes(reply.body)] if whole else list(reply.body)
            sent.append((reply, b"".join(pieces)))

        assert stream_handler(event, Context(remaining_ms), send) is None
        ((reply, body),) = sent
        assert reply.head.endswith(bytes(8))
        return json.loads(reply.head[:-8]), body, reply

    return call
