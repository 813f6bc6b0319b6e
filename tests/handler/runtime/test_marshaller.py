"""Answers are the same JSON as awslambdaric makes of them."""

from __future__ import annotations

import base64
import json
import sys

import pytest
from awslambdaric.lambda_runtime_client import BaseLambdaRuntimeClient
from awslambdaric.lambda_runtime_exception import FaultException
from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller
from hypothesis import given
from hypothesis import strategies as st

from handler.runtime.marshaller import AnswerMarshaller, replace_marshaller

OURS, THEIRS = AnswerMarshaller(LambdaMarshaller()), LambdaMarshaller()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
BODY = st.binary().map(lambda body: base64.b64encode(body).decode())


@given(beside=st.dictionaries(st.text(), JSON), body=BODY, coded=st.booleans() | st.none())
def test_answers_are_what_awslambdaric_makes_of_them(beside, body, coded):
    for answer in (
        {**beside, "body": body, "isBase64Encoded": coded},
        {"isBase64Encoded": coded, "body": body, **beside} | {"body": body},
        beside,
    ):
        made, kind = OURS.marshal_response(answer)
        theirs, their_kind = THEIRS.marshal_response(answer)
        assert (json.loads(made), kind) == (json.loads(theirs), their_kind)


def test_what_is_not_json_fails_as_ever():
    with pytest.raises(FaultException):
        OURS.marshal_response({"a": object()})
    with pytest.raises(FaultException):
        OURS.unmarshal_request(b"{")
    assert OURS.unmarshal_request(b'{"a": 1}') == {"a": 1}


def test_it_takes_the_place_of_awslambdarics(monkeypatch):
    monkeypatch.setattr(BaseLambdaRuntimeClient, "marshaller", THEIRS)
    replace_marshaller()
    assert isinstance(BaseLambdaRuntimeClient.marshaller, AnswerMarshaller)
    monkeypatch.setattr(BaseLambdaRuntimeClient, "marshaller", THEIRS)
    monkeypatch.delitem(sys.modules, "awslambdaric.lambda_runtime_client")
    replace_marshaller()
    assert BaseLambdaRuntimeClient.marshaller is THEIRS
