"""``POST pipeline``: what a pipeline's text says, as cards, or what is wrong in it and where."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from jitprep.playground.asks import AskRefused, PipelineAsk
from jitprep.playground.pipelines import WholePipeline
from jitprep.playground.spelling.documents import line_of_document
from jitprep.playground.spelling.mistakes import find_mistake
from jitprep.playground.spelling.spelled import SpelledPart, SpelledPipeline
from preprocessing import ENCODINGS, TRANSFORMS, IncompatibleSource, Pipeline, SpecError
from preprocessing.encodings import Encoding, default_encoding
from preprocessing.planner.plan import infer
from preprocessing.spec.entries import plain_arguments
from preprocessing.spec.kinds import DECODED, result_kind
from preprocessing.spec.line import bind, parse_step, write_step
from preprocessing.spec.step import Registry

if TYPE_CHECKING:
    from jitprep.playground.playground import Playground
    from preprocessing.pipeline import AnyPipeline
    from preprocessing.spec.step import StepBase


def answer(playground: Playground, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Parse a pipeline: ``pipeline`` in any spelling or a preset's name, or the cards' ``document``.

    Steps in ``off`` are left out of what runs, and stay in the text. Spans are counted as JavaScript
    counts text, in UTF-16.
    """
    ask = PipelineAsk.of(asked if "document" not in asked else {**asked, "pipeline": _line(asked)})
    spelled = SpelledPipeline.read(ask.pipeline, playground.presets)
    whole = None
    try:
        whole = WholePipeline.parse(spelled.spec, ask.off)
        return _parsed(spelled, whole, whole.effective())
    except SpecError as error:
        if whole is not None and error.step:
            error.step = whole.kept[error.step - 1] + 1
        return _broken(spelled, whole, error)


def _line(asked: Mapping[str, Any]) -> str:
    document = asked["document"]
    if not isinstance(document, Mapping):
        raise AskRefused("document must be an object")
    try:
        return WholePipeline.parse(document).line
    except SpecError:
        return line_of_document(document)


def _parsed(
    spelled: SpelledPipeline, whole: WholePipeline, pipeline: AnyPipeline
) -> dict[str, Any]:
    inner = pipeline if isinstance(pipeline, Pipeline) else pipeline.pipeline
    output = pipeline.output
    specs = infer(inner.steps, inner.encoding, DECODED[inner.kind])[1:]
    body = inner.output
    size = "" if body.nbytes is None else f", {body.nbytes:,} bytes"
    results = dict(zip(whole.kept, [*specs, f"{body.content_type}{size}"], strict=True))
    return {
        "ok": True,
        "text": spelled.text,
        "line": whole.line,
        "effective": str(pipeline),
        "kind": inner.kind,
        "random": pipeline.random,
        "shard": whole.tar is not None,
        "fingerprint": pipeline.fingerprint,
        "output": {
            "shape": output.shape,
            "dtype": output.dtype,
            "nbytes": output.nbytes,
            "content_type": output.content_type,
        },
        "words": whole.words,
        "document": whole.document,
        "cards": [
            _card(place, step, _span(spelled, place), whole.off, str(results.get(place, "")))
            for place, step in enumerate(whole.steps)
        ],
    }


def _broken(
    spelled: SpelledPipeline, whole: WholePipeline | None, error: SpecError
) -> dict[str, Any]:
    mistake = find_mistake(spelled, error)
    if whole is None:
        cards = [
            _card_of_part(place, part, _span(spelled, place))
            for place, part in enumerate(spelled.steps)
        ]
    else:
        results = _results_before(whole, error.step)
        cards = [
            _card(place, step, _span(spelled, place), whole.off, results.get(place, ""))
            for place, step in enumerate(whole.steps)
        ]
    found = {
        "message": mistake.message,
        "span": _in_utf16(spelled.text, *mistake.span),
        "suggestion": mistake.suggestion,
    }
    return {"ok": False, "text": spelled.text, "error": found, "cards": cards}


def _card(
    place: int, step: StepBase, span: tuple[int, int], off: frozenset[int], result: str
) -> dict[str, Any]:
    return {
        "index": place,
        "name": step.name,
        "role": "encoding" if isinstance(step, Encoding) else "transform",
        "line": write_step(step),
        "span": span,
        "arguments": plain_arguments(step),
        "result": result,
        "off": place in off,
    }


def _card_of_part(place: int, part: SpelledPart, span: tuple[int, int]) -> dict[str, Any]:
    """Return the card of a step in a wrong text: its name and line, where the step itself is wrong."""
    step = _build(part)
    if step is None:
        return {"index": place, "name": part.name, "line": part.line, "span": span}
    return _card(place, step, span, frozenset(), "")


def _span(spelled: SpelledPipeline, place: int) -> tuple[int, int]:
    """Return where a step is in the text: at its end for an encoding that is not written."""
    if place < len(spelled.steps):
        return _in_utf16(spelled.text, spelled.steps[place].start, spelled.steps[place].end)
    return _in_utf16(spelled.text, len(spelled.text), len(spelled.text))


def _in_utf16(text: str, start: int, end: int) -> tuple[int, int]:
    if text.isascii():
        return start, end
    before, within = sum(map(_units, text[:start])), sum(map(_units, text[start:end]))
    return before, before + within


def _units(character: str) -> int:
    return 2 if ord(character) > 0xFFFF else 1


def _build(part: SpelledPart) -> StepBase | None:
    """Return the step that a part of a wrong text spells; None where it is wrong itself."""
    registry: Registry[Any] = ENCODINGS if part.name in ENCODINGS else TRANSFORMS
    with suppress(SpecError, KeyError):
        step: StepBase = registry.build(part.name, bind(parse_step(part.line), registry[part.name]))
        return step
    return None


def _results_before(whole: WholePipeline, place: int | None) -> dict[int, str]:
    """Return the specs after the steps before the one that does not fit."""
    parsed = whole.parsed
    steps = parsed.steps[: (place or 1) - 1]
    if whole.off or not steps:
        return {}
    try:
        end = default_encoding(result_kind(steps, parsed.kind))
        return dict(enumerate(map(str, infer(steps, end, DECODED[parsed.kind])[1:])))
    except IncompatibleSource:
        return {}
