"""Every fact that AWS documents has tests, and the tests exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from .endpoint_contract import ADDRESSES, FUNCTION_URLS, S3_CONTROL, S3_INSIDE, SIGNATURES
from .object_lambda_contract import (
    EVENTS,
    HEAD_AND_LIST,
    MISBEHAVIOUR,
    PARTS,
    WRITE_GET_OBJECT_RESPONSE,
)

HERE = Path(__file__).parent
CONTRACT = (
    EVENTS
    | WRITE_GET_OBJECT_RESPONSE
    | MISBEHAVIOUR
    | PARTS
    | HEAD_AND_LIST
    | SIGNATURES
    | ADDRESSES
    | S3_CONTROL
    | FUNCTION_URLS
    | S3_INSIDE
)


def source_of(test):
    """Return the source of a test with its decorators; None if it does not exist."""
    module, name = test.rsplit(".", 1)
    text = (HERE / f"{module}.py").read_text()
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            return "\n".join(text.splitlines()[first - 1 : node.end_lineno])
    return None


@pytest.mark.parametrize("fact", CONTRACT)
def test_each_fact_has_its_tests(fact):
    for test in CONTRACT[fact]:
        assert source_of(test) is not None, test


@pytest.mark.parametrize("code", MISBEHAVIOUR)
def test_each_code_is_met_where_the_table_says(code):
    for test in MISBEHAVIOUR[code]:
        assert f'"{code}"' in (source_of(test) or ""), test


def test_no_code_that_the_endpoint_makes_is_left_out():
    sources = [path.read_text() for path in (HERE.parents[2] / "jitprep/emulator").rglob("*.py")]
    made = {code for text in sources for code in re.findall(r'"(Lambda[A-Z]\w+|SlowDown)"', text)}
    made.remove("LambdaInvoke")  # an operation of S3 Batch Operations
    assert made <= set(MISBEHAVIOUR)
    assert made >= set(MISBEHAVIOUR) - {"ValidationError"}
