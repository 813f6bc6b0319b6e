"""Kinds of objects: which one a pipeline reads, and which one it returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from preprocessing.media import SourceKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from preprocessing.encodings import Encoding
    from preprocessing.media import Kind
    from preprocessing.transforms import Transform

SOURCES: tuple[SourceKind, ...] = get_args(SourceKind)


def implied_kind(steps: Sequence[Transform], encoding: Encoding | None) -> SourceKind:
    """Return the kind of object that a pipeline reads if it names none: the first that all steps take.

    Image transforms also take video; a pipeline of only these is for images. If no kind passes all
    steps, return the first step's, so that the error names the step that does not fit.
    """
    for kind in SOURCES:
        end = result_kind(steps, kind)
        if end is not None and (encoding is None or end in encoding.input_kinds):
            return kind
    first = steps[0].input_kinds if steps else encoding.input_kinds if encoding else ()
    return next((kind for kind in SOURCES if kind in first), "image")


def result_kind(steps: Sequence[Transform], kind: Kind) -> Kind | None:
    """Return the kind of the result for input of `kind`; None if a step does not take it."""
    for step in steps:
        if kind not in step.input_kinds:
            return None
        kind = step.output_kind or kind
    return kind


def kind_mismatch(input_kinds: Iterable[Kind], given: Kind) -> str:
    """Return the message that a step takes some kinds, but is given another."""
    kinds = tuple(input_kinds)
    advice = (
        "; if the object is a video, begin the pipeline with video/"
        if given == "image" and "video" in kinds
        else ""
    )
    return f"takes {' or '.join(kinds)}, but is given {given}{advice}"
