"""The three spellings of a pipeline are one value, lossless both ways."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import fields, replace
from typing import Any
from urllib.parse import parse_qs, quote, urlencode

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable

import preprocessing
from preprocessing import ENCODINGS, TRANSFORMS, Npy, Pipeline, Resize, Safetensors, SpecError
from preprocessing.spec.parse import Parsed, write_line
from preprocessing.spec.step import required

from ..strategies import ENCODINGS_BY_NAME, TRANSFORMS_BY_NAME, encodings, pipelines, transforms

NAMES = {name: getattr(preprocessing, name) for name in preprocessing.__all__}


@pytest.mark.parametrize("name", [*TRANSFORMS, *ENCODINGS])
def test_every_step_has_a_strategy(name: str) -> None:
    """Every law here tests a new step as soon as it has one."""
    strategy: st.SearchStrategy[Any] = (TRANSFORMS_BY_NAME | ENCODINGS_BY_NAME)[name]
    tried = valid = 0

    @settings(max_examples=50, suppress_health_check=list(HealthCheck), database=None)
    @given(st.data())
    def draw(data: st.DataObject) -> None:
        nonlocal tried, valid
        tried += 1
        data.draw(strategy)
        valid += 1

    with suppress(Unsatisfiable):
        draw()
    assert valid > tried / 10, (
        f"{name} accepts {valid} of {tried} values drawn by the types of its fields; write a strategy "
        "for it in a module of tests/preprocessing/strategies/"
    )


def test_a_name_means_one_step() -> None:
    assert not {*TRANSFORMS} & {*ENCODINGS, "exact"}


@given(pipelines(several=True))
def test_line_round_trips(p: Pipeline) -> None:
    assert Pipeline.parse(str(p)) == p
    assert str(Pipeline.parse(str(p))) == str(p)


@given(pipelines(several=True))
def test_document_round_trips(p: Pipeline) -> None:
    assert Pipeline.parse(p.document) == p
    assert Pipeline.parse(p.document).document == p.document


@given(pipelines(several=True), st.sampled_from([None, 1]))
def test_json_text_round_trips(p: Pipeline, indent: int | None) -> None:
    assert Pipeline.parse(json.dumps(p.document, indent=indent)) == p


@given(pipelines(several=True))
def test_toml_text_round_trips(p: Pipeline) -> None:
    text = "".join(f"{key} = {_toml(value)}\n" for key, value in p.document.items())
    assert Pipeline.parse(text) == p


@given(pipelines(several=True))
def test_python_round_trips(p: Pipeline) -> None:
    assert eval(repr(p), NAMES) == p


@given(pipelines(several=True))
def test_line_travels_in_a_url_as_it_is(p: Pipeline) -> None:
    """No character of it is changed in a path; none is lost in a query."""
    line = str(p)
    assert quote(line, safe="/:,=%") == line
    assert parse_qs(urlencode({"spec": line})) == {"spec": [line]}


@given(pipelines(several=True), pipelines(several=True))
def test_equal_pipelines_have_equal_identity(p: Pipeline, q: Pipeline) -> None:
    for other in (q, Pipeline.parse(str(p))):
        same = p == other
        assert same == (p.fingerprint == other.fingerprint)
        assert same == (str(p) == str(other))
        assert not same or hash(p) == hash(other)


@given(st.data(), st.sampled_from([*TRANSFORMS_BY_NAME, *ENCODINGS_BY_NAME]))
def test_every_field_is_part_of_the_identity(data: st.DataObject, name: str) -> None:
    """One field changed, even to its default, and the result is another."""
    strategy: st.SearchStrategy[Any] = (TRANSFORMS_BY_NAME | ENCODINGS_BY_NAME)[name]
    a, b = data.draw(strategy), data.draw(strategy)
    for field in fields(a):
        value = getattr(b, field.name)
        assume(value != getattr(a, field.name))
        try:
            changed = replace(a, **{field.name: value})
            before, after = (
                Pipeline([step]) if name in TRANSFORMS else Pipeline([], step)
                for step in (a, changed)
            )
        except SpecError:
            continue
        assert before.fingerprint != after.fingerprint


@given(transforms)
def test_a_changed_default_changes_the_identity(step: Any) -> None:
    """What is hashed has every field in it, so that a later default cannot pass for an earlier one."""
    hashed = write_line(Parsed.of((step,), Npy(), kind="image"), all_fields=True)
    optional = [field.name for field in fields(step) if field.name not in required(type(step))]
    assert all(f"{name}=" in hashed for name in optional)


def test_exact_and_numerics_are_part_of_the_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, exact = Pipeline([Resize(8)]), Pipeline([Resize(8)], exact=True)
    assert plain != exact
    assert plain.fingerprint != exact.fingerprint
    monkeypatch.setattr("preprocessing.spec.pipeline_spec.NUMERICS_VERSION", -1)
    assert Pipeline([Resize(8)]).fingerprint != plain.fingerprint


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("resize:256", "resize:size=256"),
        ("resize:8,9", "resize:size=8,9"),
        ("resize:8,antialias=true", "resize:8"),
        ("resize:8/npy", "resize:8"),
        ("  resize:8\n", "resize:8"),
        ("crop:1,2,3,4", "crop:width=4,height=3,left=2,top=1"),
        ("pad:1,fill=-0.0", "pad:1"),
        ("pad:1,fill=1e2", "pad:1,fill=100"),
        ("grayscale:3", "grayscale:num_output_channels=3"),
        ("to_dtype:float32,true", "to_dtype:float32,scale=true"),
    ],
)
def test_ways_to_write_the_same(one: str, other: str) -> None:
    assert Pipeline.parse(one) == Pipeline.parse(other)
    assert Pipeline.parse(one).fingerprint == Pipeline.parse(other).fingerprint


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_percent_encoding_carries_any_text(key: str) -> None:
    assume(key != "__metadata__")
    line = f"safetensors:key={quote(key, safe='')}"
    assert Pipeline.parse(line).encoding == Safetensors(key=key)


@given(st.lists(transforms, max_size=3), encodings)
def test_repr_of_a_step_is_its_constructor(steps: list[Any], encoding: Any) -> None:
    for step in (*steps, encoding):
        assert eval(repr(step), NAMES) == step


def _toml(value: object) -> str:
    """A TOML inline value, of what documents hold."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return repr(value)
