"""Kinds of objects: which one a pipeline reads, and which one it returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast, get_args

from preprocessing.media import AudioSpec, ImageSpec, IndexSpec, SourceKind, TextSpec, VideoSpec
from preprocessing.transforms._base import Branch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from preprocessing.encodings import Encoding
    from preprocessing.media import Kind, Spec
    from preprocessing.transforms import Transform

SOURCES: tuple[SourceKind, ...] = get_args(SourceKind)
_ADVICE: Mapping[Kind, str] = {
    "views": " of an image, which npy, raw and safetensors hold",
    "sections": " of views, which only safetensors holds",
}

# What the decoders return for any file (see preprocessing.decode): RGB for images and videos, of 8 bits
# unless the kind names another type, and float32 for sound.
DECODED: Mapping[SourceKind, Spec] = {
    "image": ImageSpec(None, None, 3, "uint8"),
    "video": VideoSpec(None, None, 3, "uint8", None),
    "audio": AudioSpec(None, None, None),
    "text": TextSpec(1),
    "index": IndexSpec(None, None, 1, "uint8"),
    "index:uint16": IndexSpec(None, None, 1, "uint16"),
    "image:uint16": ImageSpec(None, None, 3, "uint16"),
    "image:float32": ImageSpec(None, None, 3, "float32"),
}

# The kinds that steps can imply. A mask is a file like an image, so its pipeline must say what it reads.
IMPLIED: tuple[SourceKind, ...] = ("image", "video", "audio", "text")


def object_kind(kind: SourceKind) -> SourceKind:
    """Return the kind of the files that are sources of `kind`: masks are stored as images."""
    base = kind.partition(":")[0]
    return "image" if base == "index" else cast("SourceKind", base)


def implied_kind(steps: Sequence[Transform], encoding: Encoding | None) -> SourceKind:
    """Return the kind of object that a pipeline reads if it names none: the first that all steps take.

    Image transforms also take video; a pipeline of only these is for images. If no kind passes all
    steps, return the first step's, so that the error names the step that does not fit.
    """
    for kind in IMPLIED:
        end = result_kind(steps, kind)
        if end is not None and (encoding is None or end in encoding.input_kinds):
            return kind
    first = steps[0].input_kinds if steps else encoding.input_kinds if encoding else ()
    return next((kind for kind in IMPLIED if kind in first), "image")


def result_kind(steps: Sequence[Transform], source: SourceKind) -> Kind | None:
    """Return the kind of the result for a source; None if a step does not take what it is given."""
    kind, branches = DECODED[source].kind, 0
    for step in steps:
        if kind not in step.input_kinds:
            return None
        kind = step.output_kind or kind
        branches += isinstance(step, Branch)
    if branches:
        return "views" if branches == 1 else "sections"
    return kind


def kind_mismatch(input_kinds: Iterable[Kind], given: Kind) -> str:
    """Return the message that a step takes some kinds, but is given another."""
    kinds = tuple(kind for kind in input_kinds if kind not in _ADVICE)
    advice = _ADVICE.get(given, "")
    if given == "image" and "video" in kinds:
        advice = "; if the object is a video, begin the pipeline with video/"
    elif given == "index" and "image" in kinds:
        advice = (
            "; class ids are not colours: leave it out, or encode as png, npy, raw or safetensors"
        )
    return f"takes {_listed(kinds)}, but is given {given}{advice}"


def _listed(kinds: tuple[Kind, ...]) -> str:
    """Return kinds as a list in a sentence. Masks are left out, because few pipelines are for them."""
    return " or ".join(kind for kind in kinds if kind != "index" or len(kinds) == 1)
