"""Which kind of object a pipeline is for, and what kind it makes of it."""

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
    """Return the kind of object that steps are for where none is named: the first that passes them all.

    Image transforms take video too; a pipeline of these alone is one for images. Where nothing passes
    all steps, the kind is that of the first, so that the message names the one that does not fit.
    """
    for kind in SOURCES:
        end = result_kind(steps, kind)
        if end is not None and (encoding is None or end in encoding.input_kinds):
            return kind
    first = steps[0].input_kinds if steps else encoding.input_kinds if encoding else ()
    return next((kind for kind in SOURCES if kind in first), "image")


def result_kind(steps: Sequence[Transform], kind: Kind) -> Kind | None:
    """Return what kind comes of `kind` in the end; None where some step cannot take it."""
    for step in steps:
        if kind not in step.input_kinds:
            return None
        kind = step.output_kind or kind
    return kind


def kind_mismatch(input_kinds: Iterable[Kind], given: Kind) -> str:
    """Say that a step takes some kinds, and is given another."""
    kinds = tuple(input_kinds)
    advice = "; begin the pipeline with video/" if given == "image" and "video" in kinds else ""
    return f"takes {' or '.join(kinds)}, and is given {given}{advice}"
