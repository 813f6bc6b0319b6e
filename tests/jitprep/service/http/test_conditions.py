"""Conditions apply to the derived object, and are answered before it is made."""

from __future__ import annotations

import json

import pytest

from jitprep.service.http.conditions import ConditionOutcome, Conditions
from jitprep.service.results.derived_object import derived_etag
from preprocessing import Pipeline

ETAG, OTHER = '"derived"', '"other"'
BEFORE, DATE, AFTER = (f"Wed, 21 Oct 2015 07:28:0{n} GMT" for n in (0, 1, 2))
PROCEED, NOT_MODIFIED, FAILED = (
    ConditionOutcome.PROCEED,
    ConditionOutcome.NOT_MODIFIED,
    ConditionOutcome.FAILED,
)

# RFC 9110, 13.2.2, and the two combinations that S3's GetObject documents.
CASES = [
    ({}, PROCEED),
    ({"if-match": ETAG}, PROCEED),
    ({"if-match": "derived"}, PROCEED),
    ({"if-match": f"{OTHER}, {ETAG}"}, PROCEED),
    ({"if-match": "*"}, PROCEED),
    ({"if-match": OTHER}, FAILED),
    ({"if-none-match": OTHER}, PROCEED),
    ({"if-none-match": ETAG}, NOT_MODIFIED),
    ({"if-none-match": f"W/{ETAG}"}, NOT_MODIFIED),
    ({"if-none-match": "*"}, NOT_MODIFIED),
    ({"if-modified-since": BEFORE}, PROCEED),
    ({"if-modified-since": DATE}, NOT_MODIFIED),
    ({"if-modified-since": AFTER}, NOT_MODIFIED),
    ({"if-unmodified-since": BEFORE}, FAILED),
    ({"if-unmodified-since": DATE}, PROCEED),
    ({"if-unmodified-since": AFTER}, PROCEED),
    ({"if-modified-since": "no date"}, PROCEED),
    ({"if-unmodified-since": "Wed, 99 Oct 2015"}, PROCEED),
    # S3: "If-Match true and If-Unmodified-Since false: 200".
    ({"if-match": ETAG, "if-unmodified-since": BEFORE}, PROCEED),
    # S3: "If-None-Match false and If-Modified-Since true: 304".
    ({"if-none-match": ETAG, "if-modified-since": BEFORE}, NOT_MODIFIED),
    ({"if-none-match": OTHER, "if-modified-since": AFTER}, PROCEED),
    ({"if-match": OTHER, "if-none-match": ETAG}, FAILED),
    ({"if-match": ETAG, "if-none-match": ETAG}, NOT_MODIFIED),
]


@pytest.mark.parametrize(("headers", "outcome"), CASES)
def test_the_order_is_the_rfcs(headers, outcome):
    assert Conditions.of(headers).outcome(ETAG, DATE) is outcome


def test_without_a_date_conditions_on_dates_do_not_count():
    for name in ("if-modified-since", "if-unmodified-since"):
        assert Conditions.of({name: BEFORE}).outcome(ETAG, None) is PROCEED


SPEC = "resize:8,8/png"


@pytest.mark.parametrize("action", ["GetObject", "HeadObject"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-None-Match": "{etag}"}, 304),
        ({"If-Modified-Since": DATE}, 304),
        ({"If-Match": '"source"'}, 412),
        ({"If-Unmodified-Since": BEFORE}, 412),
    ],
)
def test_conditions_need_no_transform(s3, invoke, ask, monkeypatch, action, headers, status):
    monkeypatch.setattr(Pipeline, "encode", lambda *_, **__: pytest.fail("transformed"))
    s3.answer.headers = {"Last-Modified": DATE}
    etag = derived_etag('"source"', Pipeline.parse(SPEC).fingerprint, 0)
    given = {name: value.format(etag=etag) for name, value in headers.items()}
    payload = json.dumps({"spec": SPEC})
    if action == "GetObject":
        written = invoke(s3.event(payload, headers=given))
        assert written.status == status
        if status == 304:
            assert written.headers["x-amz-fwd-header-etag"] == etag
            assert written.headers["x-amz-fwd-header-last-modified"] == DATE
        return
    returned = ask(s3.event_of("HeadObject", payload, headers=given))
    assert returned["statusCode"] == status
    if status == 304:
        assert returned["headers"] == {"ETag": etag, "Last-Modified": DATE}
    else:
        assert returned["errorCode"] == "PreconditionFailed"
