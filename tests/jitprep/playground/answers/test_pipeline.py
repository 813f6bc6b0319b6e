"""The text of a pipeline as cards; and where it is wrong, the very word."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jitprep.playground.answers.pipeline import answer
from jitprep.playground.asks import AskRefused
from preprocessing import ENCODINGS, TRANSFORMS, Pipeline, SpecError, parse_pipeline

from ....preprocessing.strategies import pipelines
from ..material import playground


def asked(pipeline: str = "", off: list[int] | None = None, **more: Any) -> Any:
    """Return the answer as the page gets it."""
    found = answer(playground(), {"pipeline": pipeline, "off": off or [], **more})
    return json.loads(json.dumps(found))


def marked(found: Any) -> str:
    """Return the word that an error is about."""
    return sliced(found["text"], found["error"]["span"])


def sliced(text: str, span: list[int]) -> str:
    """Return a part of a text, as JavaScript's slice does."""
    units = text.encode("utf-16-le", "surrogatepass")
    return units[2 * span[0] : 2 * span[1]].decode("utf-16-le", "surrogatepass")


@given(pipelines(several=True), st.sampled_from(["", "tar/", "tar:on_bad=skip/"]))
def test_spans_cover_a_line_without_its_slashes_and_words(pipeline: Pipeline, tar: str) -> None:
    line = f"{tar}{pipeline}"
    found = asked(f" {line}\t")
    assert found["ok"]
    texts = [sliced(found["text"], card["span"]) for card in found["cards"]]
    assert "/".join([*found["words"], *texts]) == line == found["line"] == found["effective"]
    assert texts == [card["line"] for card in found["cards"]]
    assert found["fingerprint"] == parse_pipeline(line).fingerprint


@given(pipelines(several=True))
def test_the_document_of_the_cards_leads_back_to_the_line(pipeline: Pipeline) -> None:
    found = asked(str(pipeline))
    assert asked(document=found["document"])["text"] == str(pipeline)
    entries = [{card["name"]: card["arguments"]} for card in found["cards"]]
    rebuilt = {**found["document"], "steps": entries[:-1], "encode": entries[-1]}
    assert Pipeline.parse(rebuilt) == pipeline


@given(pipelines(), st.sampled_from(["json", "toml"]))
def test_names_are_found_in_documents(pipeline: Pipeline, language: str) -> None:
    text = json.dumps(pipeline.document, indent=1) if language == "json" else toml(pipeline)
    found = asked(text)
    assert found["ok"]
    assert found["line"] == str(pipeline)
    spans = [sliced(found["text"], card["span"]) for card in found["cards"]]
    assert spans == [card["name"] for card in found["cards"]]


def toml(pipeline: Pipeline) -> str:
    """Return the TOML of a pipeline, with inline tables."""
    document = pipeline.document

    def value(thing: object) -> str:
        if isinstance(thing, dict):
            return "{" + ", ".join(f"{key} = {value(of)}" for key, of in thing.items()) + "}"
        if isinstance(thing, list):
            return "[" + ", ".join(map(value, thing)) + "]"
        return json.dumps(thing, ensure_ascii=False).replace("\x7f", "\\u007f")

    return "".join(f"{key} = {value(of)}\n" for key, of in document.items())


MISTAKES = {
    "grayscale/resise:256": ("resise", "resize"),
    "RESIZE:256": ("RESIZE", "resize"),
    "grayscale/resize:2,antialais=true": ("antialais", "antialias"),
    "horizontal_flip:p=1": ("p", None),
    "grayscale/resize": ("resize", None),
    "resize:big/npy": ("big", None),
    "resize:8,big/npy": ("big", None),
    "resize:size=8,9,10": ("8,9,10", None),
    "resize:1,2,3": ("1,2,3", None),
    "resize:0/grayscale": ("0", None),
    "resize:8,interpolation=cubic/npy": ("cubic", "bicubic"),
    "resize:8,antialias=ture/npy": ("ture", "true"),
    "resize:8,max_size=8": ("8", None),
    "resize:size=8,size=9": ("size", None),
    "resize:8,": ("resize:8,", None),
    "grayscale//resize:8": ("/", None),
    "resize:8/": ("/", None),
    "png/resize:8": ("png", None),
    "resize:8/normalize:imagenet/png": ("png", None),
    "grayscale/normalize:imagenet": ("normalize:imagenet", None),
    "normalize:imagnet": ("imagnet", "imagenet"),
    "normalize:1,2,3,std=1,2": ("1,2", None),
    "crop:1,2,0,4/png": ("0", None),
    "erase:0,0,-9,5": ("-9", None),
    "mono/resize:8": ("resize:8", None),
    "views:2,key=a/resize:8,8": ("a", None),
    "views:2,key=a/resize:8,8/views:2,key=a/resize:8,8": ("a", None),
    "image:skp/resize:8": ("image:skp", "image:skip"),
    "tar:on_bda=skip/resize:8/npy": ("on_bda", "on_bad"),
    "tar:on_bad=skp/resize:8/npy": ("skp", "skip"),
    "tar/image:skip/resize:8/npy": ("image:skip", None),
    "redact_patterns:email,fone": ("fone", "phone"),
    "csv:😀/resise:8": ("resise", "resize"),
    "": ("", None),
    '{"version": 1, "stepz": []}': ("stepz", "steps"),
    '{"version": 1, "steps": [{"resize": {"size": 8, "interpolation": "cubic"}}]}': ("cubic", "bicubic"),
    '{"version": 1, "steps": [{"invert": {}}, {"resise": {"size": 8}}]}': ("resise", "resize"),
    '{"version": 1, "steps": [}': ("}", None),
    "version = 1\n[[steps]]\n[steps.resize]\nsize = 8\nmaxsize = 9\n": ("maxsize", "max_size"),
    "version = 1\nsteps = 3 4\n": ("4", None),
}  # fmt: skip


@pytest.mark.parametrize("text", MISTAKES)
def test_the_very_word_is_marked_and_what_may_replace_it_is_named(text: str) -> None:
    found = asked(text)
    assert not found["ok"]
    with pytest.raises(SpecError) as caught:
        parse_pipeline(text)
    assert found["error"]["message"] == str(caught.value)
    assert (marked(found), found["error"]["suggestion"]) == MISTAKES[text]


@pytest.mark.parametrize("text", [text for text, (_, better) in MISTAKES.items() if better])
def test_a_suggestion_can_be_applied(text: str) -> None:
    found = asked(text)
    start, end = found["error"]["span"]
    again = asked(text[:start] + found["error"]["suggestion"] + text[end:])
    assert again["ok"] or again["error"]["message"] != found["error"]["message"]


@given(pipelines(), st.data())
def test_a_slip_in_a_name_is_marked_and_mended(pipeline: Pipeline, data: st.DataObject) -> None:
    parts = str(pipeline).split("/")
    names = [place for place, part in enumerate(parts) if part != "exact"]
    place = data.draw(st.sampled_from(names))
    name, colon, rest = parts[place].partition(":")
    if f"{name}x" in TRANSFORMS or f"{name}x" in ENCODINGS:
        return
    parts[place] = f"{name}x{colon}{rest}"
    found = asked("/".join(parts))
    assert marked(found) == f"{name}x"
    assert found["error"]["span"][0] == sum(len(part) + 1 for part in parts[:place])
    assert found["error"]["suggestion"] == name


@given(st.text())
@example("\ud800/resize:8")
@example("tar:%ff/")
@example("exact/")
@example("image:skip")
@example("\x0c\x1dresize:8,")
@example("{" * 10_000)
@example('{"version": 1, "steps": 3, "encode": [1]}')
@example('{"version": 1, "steps": [{"": {"": 1}}, {"re size": 3}], "encode": {"[": {}}}')
@example('\n{"version": 1')
@example("a = 1\nb")
@example("resize:" + "9" * 5000)
def test_any_text_is_answered_with_spans_within_it(text: str) -> None:
    found = answer(playground(), {"pipeline": text})
    spans = [card["span"] for card in found["cards"]]
    spans += [] if found["ok"] else [found["error"]["span"]]
    most = len(text.encode("utf-16-le", "surrogatepass")) // 2
    assert all(0 <= start <= end <= most for start, end in spans)
    assert found["text"] == text


_PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
_WRONG = st.recursive(_PLAIN, lambda inner: st.lists(inner, max_size=3), max_leaves=5)
_NAMES = st.sampled_from(["size", "mean", "p", "key"]) | st.text(max_size=5)
_ENTRIES = st.dictionaries(
    st.sampled_from([*TRANSFORMS, *ENCODINGS]) | st.text(max_size=5),
    st.dictionaries(_NAMES, _WRONG, max_size=3) | _WRONG,
    max_size=2,
)


@given(
    st.fixed_dictionaries(
        {"version": st.just(1)},
        optional={
            "tar": _ENTRIES | _WRONG,
            "exact": _WRONG,
            "kind": _WRONG,
            "skip": _WRONG,
            "steps": st.lists(_ENTRIES | _WRONG, max_size=3) | _WRONG,
            "encode": _ENTRIES | _WRONG,
        },
    )
)
def test_any_document_becomes_a_text(document: Any) -> None:
    found = answer(playground(), {"document": document, "off": []})
    assert isinstance(found["text"], str)
    assert found["ok"] or found["error"]["message"]


def test_a_card_that_lacks_an_argument_is_marked_in_the_line_that_is_made() -> None:
    steps: list[Any] = [{"invert": {}}, {"crop": {"top": 1, "height": 5}}, {"resize": {}}]
    found = asked(document={"version": 1, "tar": {}, "exact": True, "steps": steps})
    assert found["text"] == "tar/exact/invert/crop:1,height=5/resize"
    assert marked(found) == "crop:1,height=5"
    assert [card["name"] for card in found["cards"]] == ["invert", "crop", "resize"]


def test_cards_say_what_each_step_returns() -> None:
    found = asked("grayscale/resize:224,224/normalize:0.5,std=0.5/npy", [2])
    assert [card["result"] for card in found["cards"]] == [
        "?×?×1 uint8",
        "224×224×1 uint8",
        "",
        "application/x-npy, 50,304 bytes",
    ]
    assert [card["off"] for card in found["cards"]] == [False, False, True, False]
    assert found["effective"] == "grayscale/resize:224,224/npy"
    assert found["line"] == "grayscale/resize:224,224/normalize:0.5,std=0.5/npy"


def test_what_fits_before_the_mistake_is_still_said() -> None:
    found = asked("resize:8,8/normalize:imagenet/png")
    assert [card["result"] for card in found["cards"]] == ["8×8×3 uint8", "8×8×3 float32", ""]


def test_a_step_that_does_not_fit_may_be_switched_off() -> None:
    assert asked("resize:8/normalize:imagenet/png", [1])["ok"]
    wrong = asked("grayscale/resize:8/normalize:imagenet/png", [0])
    assert marked(wrong) == "png"


def test_a_preset_is_named_as_a_whole() -> None:
    found = asked("  clip ")
    assert found["ok"]
    assert {tuple(card["span"]) for card in found["cards"]} == {(2, 6)}
    assert found["line"].startswith("resize:224,interpolation=bicubic/")


def test_an_encoding_that_is_not_written_is_a_card_at_the_end() -> None:
    found = asked("resize:8")
    assert found["cards"][-1]["name"] == "npy"
    assert found["cards"][-1]["span"] == [8, 8]


def test_a_question_without_sense_is_refused() -> None:
    for wrong in ({"pipeline": 3}, {"pipeline": "png", "off": [True]}, {"document": "png"}):
        with pytest.raises(AskRefused):
            answer(playground(), wrong)
