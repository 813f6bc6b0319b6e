"""The action and the features of a request."""

from __future__ import annotations

import botocore.session
import pytest

from jitprep.emulator.data_plane.actions import Action, action_of, features_of

MODEL = botocore.session.get_session().get_service_model("s3")


def parameters(operation):
    """Return the query parameters that botocore sends for an operation, each with a value."""
    model = MODEL.operation_model(operation)
    fixed = [
        tuple(f"{p}=".split("=")[:2])
        for p in model.http["requestUri"].partition("?")[2].split("&")
        if p
    ]
    members = model.input_shape.members.values()
    own = [
        m.serialization["name"] for m in members if m.serialization.get("location") == "querystring"
    ]
    return [*fixed, *((name, "1") for name in own)]


@pytest.mark.parametrize("action", Action)
def test_each_action_is_recognised_with_all_of_its_parameters(action):
    method = MODEL.operation_model(action).http["method"]
    key = "k" if action.endswith("Object") else ""
    assert action_of(method, key, parameters(action)) is action


def test_unknown_parameters_do_not_change_the_action():
    unknown = [("seed", "7"), ("x-id", "anything"), ("X-Amz-Signature", "s")]
    assert action_of("GET", "k", unknown) is Action.GET_OBJECT
    assert action_of("GET", "", unknown) is Action.LIST_OBJECTS


def test_other_reads_have_no_action():
    for name in MODEL.operation_names:
        model = MODEL.operation_model(name)
        uri = model.http["requestUri"]
        if name in set(Action) or not uri.startswith("/{Bucket}"):
            continue
        key = "k" if "{Key" in uri else ""
        assert action_of(model.http["method"], key, parameters(name)) is None, name


def test_the_events_context_is_named_after_the_action():
    assert [action.context for action in Action] == [
        "getObjectContext",
        "headObjectContext",
        "listObjectsContext",
        "listObjectsV2Context",
    ]


@pytest.mark.parametrize("name", ["Range", "range", "RANGE"])
@pytest.mark.parametrize("action", [Action.GET_OBJECT, Action.HEAD_OBJECT])
def test_a_range_is_a_feature_in_header_and_query(action, name):
    assert features_of(action, [name], []) == [f"{action}-Range"]
    assert features_of(action, [], [name]) == [f"{action}-Range"]


@pytest.mark.parametrize("name", ["partNumber", "partnumber", "PARTNUMBER"])
@pytest.mark.parametrize("action", [Action.GET_OBJECT, Action.HEAD_OBJECT])
def test_a_part_is_a_feature_too(action, name):
    assert features_of(action, [], [name]) == [f"{action}-PartNumber"]
    assert features_of(action, ["range"], [name]) == [f"{action}-Range", f"{action}-PartNumber"]


def test_a_listing_needs_no_feature():
    assert features_of(Action.LIST_OBJECTS_V2, ["range"], ["partNumber"]) == []
