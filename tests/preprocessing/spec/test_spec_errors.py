"""A wrong pipeline fails when it is parsed, with the step, the argument and the nearest valid name."""

from __future__ import annotations

import json
import pickle
import time
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from preprocessing import (
    ENCODINGS,
    TRANSFORMS,
    CenterCrop,
    Normalize,
    Pipeline,
    Png,
    Resize,
    SpecError,
    parse_pipeline,
)

MISTAKES = {
    "resise:256": ("step 1 'resise'", "did you mean 'resize'?"),
    "RESIZE:256": ("step 1 'RESIZE'", "did you mean 'resize'?"),
    "grayscale/zzz": ("step 2 'zzz'", "unknown step; docs/steps.md lists all"),
    "grayscale/resize:2,antialais=true": ("step 2 'resize'", "'antialais'", "mean 'antialias'?"),
    "horizontal_flip:p=1": ("step 1 'horizontal_flip'", "'p'", "it takes none"),
    "horizontal_flip:1": ("step 1 'horizontal_flip'", "at most 0 values, got 1"),
    "resize": ("step 1 'resize'", "missing argument 'size'"),
    "crop:1,2,3": ("step 1 'crop'", "missing argument 'width'"),
    "crop:1,2,3,4,5": ("step 1 'crop'", "at most 4 values, got 5"),
    "resize:big": ("step 1 'resize'", "size", "whole number or 2 whole numbers", "'big'"),
    "resize:1.5": ("step 1 'resize'", "size", "'1.5'"),
    "resize:1,2,3": ("step 1 'resize'", "size", "'1,2,3'"),
    "resize:0": ("step 1 'resize'", "size", "from 1 to 65535", "got 0"),
    "resize:70000": ("step 1 'resize'", "size", "from 1 to 65535"),
    "resize:8,interpolation=cubic": ("step 1 'resize'", "interpolation", "bicubic", "'cubic'"),
    "resize:8,antialias=yes": ("step 1 'resize'", "antialias", "true or false", "'yes'"),
    "resize:8,max_size=8": ("step 1 'resize'", "max_size", "exceed size 8"),
    "resize:8,8,max_size=9": ("step 1 'resize'", "max_size", "single size"),
    "resize:8,size=9": ("step 1 'resize'", "'size' is given twice"),
    "resize:size=8,size=9": ("step 1 'resize'", "'size' is given twice"),
    "resize:": ("step 1 'resize'", "empty value"),
    "resize:8,": ("step 1 'resize'", "empty value"),
    "resize:size=": ("step 1 'resize'", "empty value"),
    "resize:=8": ("step 1 'resize'", "no argument name"),
    "grayscale//resize:8": ("step 2", "empty step"),
    "/resize:8": ("step 1", "empty step"),
    "resize:8/": ("step 2", "empty step"),
    "": ("empty", "resize:256"),
    "   ": ("empty",),
    "png/resize:8": ("step 1 'png'", "an encoding must be the last step"),
    "normalize:imagenet/png": ("step 2 'png'", "float32", "to_dtype:uint8"),
    "grayscale/normalize:imagenet": ("step 2 'normalize'", "3 channels", "has 1"),
    "normalize:imagnet": ("step 1 'normalize'", "mean", "did you mean 'imagenet'?"),
    "normalize:imagenet,std=1,1,1": ("step 1 'normalize'", "std", "includes it"),
    "normalize:0.5": ("step 1 'normalize'", "std", "missing"),
    "normalize:1,2,3,std=1,2": ("step 1 'normalize'", "std", "as many values as mean, 3"),
    "normalize:1,std=0": ("step 1 'normalize'", "std", "not be zero"),
    "normalize:1e999,std=1": ("step 1 'normalize'", "mean"),
    "pad:-1": ("step 1 'pad'", "padding", "from 0 to 65535"),
    "pad:1,2,3": ("step 1 'pad'", "padding", "'1,2,3'"),
    "grayscale:num_output_channels=2": ("step 1 'grayscale'", "one of 1, 3", "'2'"),
    "to_dtype:int8": ("step 1 'to_dtype'", "uint8, uint16, float16, float32", "'int8'"),
    "jpeg:quality=0": ("step 1 'jpeg'", "quality", "1 to 100"),
    "webp:quality=101": ("step 1 'webp'", "quality", "0 to 100"),
    "center_crop:8/pad:8,padding_mode=reflect": ("step 2 'pad'", "reflect", "mirrors 8"),
    "center_crop:17000,9/webp": ("step 2 'webp'", "16383", "resize first"),
    "safetensors:key=__metadata__": ("step 1 'safetensors'", "key"),
    "{": ("not valid JSON",),
    '{"version": 2, "steps": []}': ("version must be 1, got 2",),
    '{"steps": []}': ("version must be 1, got None",),
    '{"version": 1, "stepz": []}': ("'stepz'", "did you mean 'steps'?"),
    '{"version": 1, "steps": {}}': ("steps must be a list",),
    '{"version": 1, "steps": ["resize"]}': ("step 1", '{"name": {...}}', "'resize'"),
    '{"version": 1, "exact": 1}': ("exact must be true or false, got 1",),
    '{"version": 1, "steps": [{"resize": {"size": true}}]}': ("step 1 'resize'", "size", "True"),
    '{"version": 1, "steps": [{"grayscale": {"num_output_channels": 3.0}}]}': ("one of 1, 3",),
    '{"version": 1, "encode": {"pgn": {}}}': ("step 1 'pgn'", "did you mean 'png'?"),
    "version = 1\nsteps = 3 4": ("not valid TOML",),
}


@pytest.mark.parametrize("spec", MISTAKES)
def test_error_says_where_and_what_and_how_else(spec: str) -> None:
    with pytest.raises(SpecError) as caught:
        Pipeline.parse(spec)
    message = str(caught.value)
    assert all(words in message for words in MISTAKES[spec]), message


@pytest.mark.parametrize("name", [*TRANSFORMS, *ENCODINGS])
def test_a_slip_in_any_name_is_recognised(name: str) -> None:
    with pytest.raises(SpecError, match=f"did you mean '{name}'"):
        Pipeline.parse(name[:-1] + "_")


def test_python_spelling_is_checked_alike() -> None:
    wrong: list[Any] = [
        lambda: Resize("8"),  # type: ignore[arg-type]
        lambda: Resize(8.0),  # type: ignore[arg-type]
        lambda: Resize(True),
        lambda: Resize((8, 8, 8)),  # type: ignore[arg-type]
        lambda: CenterCrop(0),
        lambda: Normalize((float("nan"),), (1.0,)),
        lambda: Pipeline([Normalize("imagenet")], Png()),
        lambda: Pipeline([Png()]),  # type: ignore[list-item]
        lambda: Pipeline(["resize"]),  # type: ignore[list-item]
        lambda: Pipeline([], Resize(8)),  # type: ignore[arg-type]
    ]
    for build in wrong:
        with pytest.raises(SpecError):
            build()


@given(st.text())
@example("resize:" + "9" * 5000)
@example("resize:8,max_size=" + "9" * 5000)
@example("version = 1\nsteps = [{resize = {size = 0x" + "f" * 5000 + "}}]")
@example('{"version":' + "1" * 5000 + "}")
@example("safetensors:key=%ff")
@example("resize:٣")
@example("[" * 10_000 + "\n")
@example("{" * 10_000)
@example('{"a":' * 10_000)
@example("a" * 100_000)
def test_hostile_text_raises_spec_error_or_parses(text: str) -> None:
    _parses_or_refuses(text)


# Pieces of real specs in any order reach far deeper than random characters do.
_WORDS = st.sampled_from(
    [
        *TRANSFORMS,
        *ENCODINGS,
        "exact",
        *"/:,=%{}[]\"'\n .-",
        "size",
        "key",
        "1",
        "0.5",
        "1e9",
        "true",
    ]
)


@given(st.lists(_WORDS, max_size=12).map("".join))
def test_hostile_lines_raise_spec_error_or_parse(text: str) -> None:
    _parses_or_refuses(text)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | _WORDS, inner),
)


@given(st.dictionaries(st.sampled_from(["steps", "encode", "exact", "x"]), _JSON))
def test_hostile_documents_raise_spec_error_or_parse(document: dict[str, Any]) -> None:
    _parses_or_refuses({"version": 1, **document})
    _parses_or_refuses(json.dumps({"version": 1, **document}))


@given(st.sampled_from([*TRANSFORMS]), st.dictionaries(_WORDS | st.integers(), _JSON, max_size=3))
@example("resize", {"size": 10**5000})
@example("resize", {"size": [10**5000, 1]})
@example("safetensors", {"key": "\ud800"})
@example("normalize", {"mean": "\ud800"})
def test_hostile_arguments_raise_spec_error_or_parse(name: str, arguments: dict[Any, Any]) -> None:
    _parses_or_refuses({"version": 1, "steps": [{name: arguments}]})
    _parses_or_refuses({"version": 1, "encode": {name: arguments}})


@pytest.mark.parametrize("depth", [10, 300, 900, 5_000, 100_000])
def test_deep_nesting_is_refused(depth: int) -> None:
    for left, right in ("[]", ('{"a":', "}")):
        text = f'{{"version": 1, "steps": [{left * depth}1{right * depth}]}}'
        with pytest.raises(SpecError):
            Pipeline.parse(text)


def _parses_or_refuses(spec: str | Mapping[str, Any]) -> None:
    started = time.perf_counter()
    message = ""
    try:
        p = Pipeline.parse(spec)
    except SpecError as error:
        message = str(error)
    else:
        assert Pipeline.parse(str(p)) == p
    assert len(message) < 2000  # it goes into an HTTP response
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize("line", ["safetensors:key=a\udcb0", "csv:a\ud800b/text"])
def test_a_name_that_no_spelling_could_hold_is_refused(line: str) -> None:
    with pytest.raises(SpecError, match="expected a name"):
        Pipeline.parse(line)


PLACES = {
    "grayscale/zzz": (2, None, None),
    "resise:256": (1, None, "resize"),
    "grayscale/resize:2,antialais=true": (2, "antialais", "antialias"),
    "grayscale/resize": (2, "size", None),
    "resize:8,interpolation=cubic": (1, "interpolation", None),
    "resize:0": (1, "size", None),
    "resize:8,max_size=8": (1, "max_size", None),
    "normalize:imagnet": (1, "mean", "imagenet"),
    "normalize:imagenet/png": (2, None, None),
    "views:2,key=a/resize:8,8": (1, "key", None),
    "image:skp/resize:8": (0, "image", None),
    "": (None, None, None),
    '{"version": 1, "stepz": []}': (0, "stepz", "steps"),
    '{"version": 1, "encode": {"pgn": {}}}': (1, None, "png"),
}


@pytest.mark.parametrize("spec", PLACES)
def test_an_error_says_the_place_without_its_message_being_read(spec: str) -> None:
    with pytest.raises(SpecError) as caught:
        Pipeline.parse(spec)
    error = pickle.loads(pickle.dumps(caught.value))
    assert str(error) == str(caught.value)
    assert (error.step, error.argument, error.nearest) == PLACES[spec]


def test_the_word_for_shards_is_before_the_first_step() -> None:
    with pytest.raises(SpecError) as caught:
        parse_pipeline("tar:on_bda=skip/resize:8/npy")
    assert (caught.value.step, caught.value.argument, caught.value.nearest) == (
        0,
        "on_bda",
        "on_bad",
    )
