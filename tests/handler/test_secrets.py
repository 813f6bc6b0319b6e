"""No failure puts a secret into what the function writes, raises or answers."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from handler import app
from jitprep.service.aws.write_get_object_response import located
from jitprep.service.config import config
from jitprep.service.source import original
from preprocessing import Pipeline
from soak.load import events

from ..scripted_s3 import Answer, Context
from .doors.object_lambda.test_get_object import PAYLOAD, photo

SIGNED = "/photos/a%20photo.jpg?X-Amz-Credential=SECRETCREDENTIAL&X-Amz-Signature=SECRETSIGNATURE"
Event = dict[str, Any]
Failing = Callable[[Any, pytest.MonkeyPatch, Event], None]


def answers(*given: Answer) -> Failing:
    """S3 gives these answers, and repeats the last one."""

    def prepare(s3: Any, _: pytest.MonkeyPatch, event: Event) -> None:
        s3.script, s3.answer = list(given[:-1]), given[-1]

    return prepare


def with_user(**user: Any) -> Failing:
    """The client sends these."""

    def prepare(s3: Any, _: pytest.MonkeyPatch, event: Event) -> None:
        event["userRequest"] |= user

    return prepare


def with_own(**own: Any) -> Failing:
    """The event's context has these members; None removes one."""

    def prepare(s3: Any, _: pytest.MonkeyPatch, event: Event) -> None:
        context = next(name for name in events.CONTEXTS if name in event)
        given = {**event[context], **own}
        event[context] = {name: value for name, value in given.items() if value is not None}

    return prepare


def with_payload(payload: str) -> Failing:
    def prepare(s3: Any, _: pytest.MonkeyPatch, event: Event) -> None:
        event["configuration"]["payload"] = payload

    return prepare


def unreachable(s3: Any, patch: pytest.MonkeyPatch, event: Event) -> None:
    located("io-iad-cell001")  # which answers where S3 is
    patch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    config.cache_clear()


def defective(s3: Any, patch: pytest.MonkeyPatch, event: Event) -> None:
    def encode(*_: Any, **__: Any) -> None:
        raise KeyError(SIGNED)

    patch.setattr(Pipeline, "encode", encode)


def of_unknown_shape(s3: Any, patch: pytest.MonkeyPatch, event: Event) -> None:
    for name in events.CONTEXTS:
        if name in event:
            event["otherContext"] = event.pop(name)


PHOTO = photo()
FAILING: dict[str, Failing] = {
    "busy": answers(Answer(503)),
    "refused": answers(Answer(403, body=b"<Error><Code>AccessDenied</Code></Error>")),
    "redirected": answers(Answer(307, {"Location": "http://127.0.0.1:1/elsewhere"})),
    "cut off": answers(Answer(body=PHOTO, claimed_length=10**5)),
    "reset": answers(Answer(body=PHOTO, claimed_length=10**5, reset=True)),
    "forged": answers(Answer(headers={"x-amz-checksum-crc32": "AAAAAA=="}, body=PHOTO)),
    "replaced": answers(Answer(body=PHOTO, claimed_length=10**5), Answer(headers={"ETag": '"b"'})),
    "no image": answers(Answer(body=b"words")),
    "damaged": answers(Answer(body=PHOTO[:500])),
    "too large": answers(Answer(body=PHOTO, claimed_length=10**12)),
    "no such preset": with_payload('{"pipeline": "other"}'),
    "no pipeline": with_payload('{"spec": "resise:1"}'),
    "no range": with_user(headers={"Range": "lines=1-2"}),
    "no part": with_user(url="/a.jpg?partNumber=0"),
    "no override": with_user(url="/a.jpg?seed=1"),
    "no headers": with_user(headers="SECRETHEADERS"),
    "no URL": with_own(inputS3Url=None),
    "a malformed URL": with_own(inputS3Url="http://[::1" + SIGNED),
    "no URL of the web": with_own(inputS3Url="file://photos" + SIGNED),
    "no route": with_own(outputRoute=None),
    "a route that is not a host": with_own(outputRoute="SECRET ROUTE"),
    "a token that cannot be sent": with_own(outputToken="SECRETTOKEN\r\nInjected: 1"),
    "a token that is not latin-1": with_own(outputToken="SECRETTOKEN\N{SNOWMAN}"),
    "unreachable": unreachable,
    "defective": defective,
    "of unknown shape": of_unknown_shape,
}


def result_of(event: Event) -> str:
    """What Lambda gets: the function's result, or the traceback that it logs."""
    try:
        return repr(app.lambda_handler(event, Context()))
    except Exception:
        return traceback.format_exc()


@pytest.mark.parametrize("context", events.CONTEXTS)
@pytest.mark.parametrize("name", FAILING)
def test_nothing_secret_is_said(s3, monkeypatch, capfd, caplog, name, context):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "SECRETKEY")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "SECRETSESSION")
    monkeypatch.setattr(original, "_PAUSE_S", 0.0)
    caplog.set_level(logging.INFO)
    s3.answer.body = PHOTO
    event = events.event(s3.url + SIGNED, context, PAYLOAD)
    with monkeypatch.context() as patch:
        FAILING[name](s3, patch, event)
        said = [result_of(event)]
    said += [
        value
        for written in s3.written
        for header, value in written.headers.items()
        if header.startswith(("x-amz-fwd-", "x-amz-meta-"))
    ]
    said += [*capfd.readouterr(), caplog.text]
    assert "SECRET" not in "".join(said)
