"""The list of doors: every event fits exactly one, whatever their order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from handler.app import choose_door
from handler.doors import DOORS, STREAMING_DOORS

from ...paths import ROOT
from ...scripted_s3 import ScriptedS3
from .batch_operations.test_batch_operations import event as batch_operations
from .http.http_events import function_url, http_api, rest_api

S3 = ScriptedS3("http://127.0.0.1:9")
EVENTS: dict[str, tuple[Mapping[str, Any], str]] = {
    "GetObject": (S3.event(), "object-lambda-get"),
    "HeadObject": (S3.event_of("HeadObject"), "object-lambda-head"),
    "ListObjects": (S3.event_of("ListObjects"), "object-lambda-list"),
    "ListObjectsV2": (S3.event_of("ListObjectsV2"), "object-lambda-list-v2"),
    "Function URL": (function_url("/photos/a.jpg"), "function-url"),
    "HTTP API": (http_api("/photos/a.jpg"), "http-api"),
    "HTTP API, own domain": (http_api("/a", stage="v1", domain="photos.example.com"), "http-api"),
    "REST API": (rest_api("/photos/a.jpg"), "rest-api"),
    "Batch Operations 1.0": (batch_operations("1.0"), "s3-batch-operations"),
    "Batch Operations 2.0": (batch_operations("2.0", seed="1"), "s3-batch-operations"),
    "Invoke, one key": ({"bucket": "photos", "key": "a.jpg"}, "invoke"),
    "Invoke, many keys": ({"bucket": "photos", "keys": ["a.jpg"]}, "invoke"),
}
# AWS's own examples, where this checkout has them beside it.
RECORDED = ROOT.parent / "shared/reference/events"
RECORDED_DOORS = {
    "albEvent": None,  # a load balancer's, which has no door
    "apiGatewayProxyV2Event_GET": "http-api",
    "apiGatewayProxyV2IamEvent": "http-api",
    "lambdaFunctionUrlEvent": "function-url",
    "lambdaFunctionUrlIAMEvent": "function-url",
    "s3BatchOperationEventSchemaV1": "s3-batch-operations",
    "s3BatchOperationEventSchemaV2": "s3-batch-operations",
    "s3ObjectEventIAMUser": "object-lambda-get",
    "s3ObjectEventTempCredentials": "object-lambda-get",
}


def fitting(event: Mapping[str, Any]) -> list[str]:
    found = [door.name for door in DOORS if door.fits(event)]
    assert found == [door.name for door in STREAMING_DOORS if door.fits(event)]
    return found


@pytest.mark.parametrize("name", EVENTS)
def test_each_event_fits_exactly_one_door(name):
    event, door = EVENTS[name]
    assert fitting(event) == [door], "its door must be in DOORS, and no other door may fit"
    assert choose_door(event).name == door


def test_every_door_has_an_event_here():
    names = {door.name for door in DOORS}
    assert len(names) == len(DOORS), "two doors have the same name"
    shown = {door for _, door in EVENTS.values()}
    untried, unlisted = names - shown, shown - names
    assert not untried, "add an event for each of these doors to EVENTS"
    assert not unlisted, "add these doors to DOORS in handler/doors/__init__.py"


@pytest.mark.parametrize("path", sorted(RECORDED.glob("*.json")), ids=lambda path: path.stem)
def test_recorded_events_fit_exactly_one_door(path: Path):
    expected = RECORDED_DOORS[path.stem]
    found = fitting(json.loads(path.read_text()))
    assert found == ([expected] if expected else []), "correct `fits`, or RECORDED_DOORS above"


@pytest.mark.parametrize("event", [None, [], "GET", 7, {}, {"bucket": "photos"}, {"Records": []}])
def test_what_fits_no_door_is_refused(event):
    with pytest.raises(ValueError, match="fits none of the doors"):
        choose_door(event)
