"""``GET steps``: every step with its arguments, for completion, cards, sliders and docs."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from types import NoneType
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from jitprep.playground.catalogue.bounds import StepProbe
from jitprep.playground.catalogue.docstrings import Docs
from jitprep.playground.pipelines import WholePipeline
from preprocessing import ENCODINGS, TRANSFORMS, Pipeline, SpecError
from preprocessing.encodings import Encoding
from preprocessing.shards.tar_step import Tar
from preprocessing.spec.coerce import describe, options
from preprocessing.spec.entries import plain_arguments
from preprocessing.spec.kinds import SOURCES
from preprocessing.spec.step import StepBase, hints, required

if TYPE_CHECKING:
    from jitprep.playground.playground import Playground
    from preprocessing.media import SourceKind

# What the word of each kind means, before a line's steps.
_KINDS: Mapping[SourceKind, str] = {
    "image": "The objects are images.",
    "video": "The objects are videos.",
    "audio": "The objects are sounds.",
    "text": "The objects are texts.",
    "index": "The objects are masks of class ids up to 255.",
    "index:uint16": "The objects are masks of class ids up to 65,535.",
    "image:uint16": "The objects are images, decoded to 16 bits per sample.",
    "image:float32": "The objects are images, decoded to floats.",
}


def answer(playground: Playground, asked: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG001
    """Return all transforms and encodings, steps of one's own included, and the words before them.

    Raises
    ------
    SpecError
        Where steps of one's own cannot be loaded.
    """
    known = _presets_arguments(playground.presets)
    names = (*TRANSFORMS, *sorted(TRANSFORMS.own()))
    classes: list[Any] = [TRANSFORMS[name] for name in names]
    classes += [ENCODINGS[name] for name in ENCODINGS]
    return {
        "steps": [_described(step, _Known(known.get(step.name, {}))) for step in classes],
        "words": _words(),
    }


class _Known(dict[str, Any]):
    """Arguments that are known to be right, as a part of a cache's key."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(repr(self))


def _presets_arguments(presets: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the arguments of each step that a preset has, of the first one."""
    found: dict[str, Mapping[str, Any]] = {}
    for spec in presets.values():
        with suppress(SpecError):  # said when it is chosen
            for step in WholePipeline.parse(spec).steps:
                given = {key: getattr(step, key) for key in plain_arguments(step)}
                found.setdefault(step.name, given)
    return found


@cache
def _described(step: type[StepBase], known: _Known) -> dict[str, Any]:
    docs = Docs.of(step)
    kinds: Any = step
    return {
        "name": step.name,
        "role": "encoding" if issubclass(step, Encoding) else "transform",
        "kinds": kinds.input_kinds,
        "summary": docs.summary,
        "about": docs.about,
        "random": bool(getattr(step, "random", False)),
        "arguments": _arguments(step, known, docs),
    }


def _arguments(step: type[StepBase], known: _Known, docs: Docs) -> list[dict[str, Any]]:
    probe = StepProbe(step, known, docs.arguments)
    return [
        _argument(step, key, hint, docs.arguments.get(key, ""), probe)
        for key, hint in hints(step).items()
    ]


def _argument(
    step: type[StepBase], key: str, hint: Any, about: str, probe: StepProbe
) -> dict[str, Any]:
    ends = probe.ends(key)
    needed = key in required(step)
    return {
        "name": key,
        "expects": describe(hint),
        "form": _form(hint),
        "choices": _choices(hint),
        "required": needed,
        "default": None if needed else getattr(step, key),
        "least": ends.least,
        "most": ends.most,
        "about": about,
    }


def _form(hint: Any) -> str:
    """Return how a value is edited: a list may also be a single value of its items' type."""
    given = [one for one in options(hint) if one is not NoneType]
    if any(get_origin(one) is tuple for one in given):
        return "list"
    if get_origin(given[0]) is Literal:
        return "choice"
    return {bool: "bool", int: "int", float: "float"}.get(given[0], "text")


def _choices(hint: Any) -> list[Any]:
    found: list[Any] = []
    for one in options(hint):
        inner = get_args(one) if get_origin(one) is tuple else (one,)
        found += [
            choice for part in inner if get_origin(part) is Literal for choice in get_args(part)
        ]
    return list(dict.fromkeys(found))


@cache
def _words() -> list[dict[str, Any]]:
    """Return what may stand before the steps of a line."""
    about, tar = Docs.of(Pipeline).arguments, Docs.of(Tar)
    return [
        {"name": Tar.name, "summary": tar.summary, "arguments": _arguments(Tar, _Known(), tar)},
        {"name": "exact", "summary": about["exact"], "arguments": []},
        *({"name": kind, "summary": _KINDS[kind], "arguments": []} for kind in SOURCES),
        *(
            {
                "name": f"{kind}:skip",
                "summary": f"{_KINDS[kind]} Others are returned unchanged.",
                "arguments": [],
            }
            for kind in SOURCES
        ),
    ]
