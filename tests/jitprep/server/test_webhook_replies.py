"""Answers to the calls of stores, in both dialects."""

from __future__ import annotations

import pytest

from jitprep.server.webhook_calls import WebhookCall
from jitprep.service.errors import RequestFailed
from jitprep.service.messages import Response

URL = "http://store/b/a.jpg"
ANSWERS = (
    Response(200, b"array", {"Content-Type": "application/x-npy"}),
    Response.refusal(RequestFailed(404, "NoSuchKey", "there is no such object")),
)


@pytest.mark.parametrize("answer", ANSWERS, ids=["result", "error"])
@pytest.mark.parametrize("forwards", [True, False], ids=["MinIO", "RustFS"])
def test_an_answer_carries_the_route_and_the_token_of_its_call(answer, forwards):
    """Both stores refuse a successful answer without them."""
    reply = WebhookCall(URL, {}, {}, "route-1", "token-1", forwards).reply(answer, "REQUEST")
    assert reply.headers["x-amz-request-route"] == "route-1"
    assert reply.headers["x-amz-request-token"] == "token-1"


@pytest.mark.parametrize("answer", ANSWERS, ids=["result", "error"])
def test_the_status_is_the_answers_own_where_the_store_reads_nothing_else(answer):
    by_rustfs = WebhookCall(URL, {}, {}, "r", "t", forwards=False).reply(answer, "REQUEST")
    by_minio = WebhookCall(URL, {}, {}, "r", "t", forwards=True).reply(answer, "REQUEST")
    assert by_rustfs.status == answer.status
    assert (by_minio.status, by_minio.headers["x-amz-fwd-status"]) == (200, str(answer.status))
    assert by_rustfs.body == by_minio.body
