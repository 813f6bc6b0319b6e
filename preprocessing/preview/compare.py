"""Previews: a source beside the result of a pipeline, drawn according to the kind of each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.media import AudioSpec, TextSpec
from preprocessing.planner.execute import execute
from preprocessing.planner.stages import VideoStart
from preprocessing.preview import images, page, sound
from preprocessing.preview.page import TextPreview
from preprocessing.preview.picture import BOX, Picture
from preprocessing.spec.sections import divide
from preprocessing.spec.view_specs import SectionsSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from preprocessing.media import Array, Kind, Spec
    from preprocessing.planner.plan import Plan
    from preprocessing.preview.base import Preview
    from preprocessing.sources import Loaded
    from preprocessing.transforms import Transform


def compare(loaded: Loaded, plan: Plan, steps: Sequence[Transform], title: str) -> Preview:
    """Return a preview of a source and its result, side by side.

    Parameters
    ----------
    loaded : Loaded
        The source.
    plan : Plan
        The plan for that source.
    steps : sequence of Transform
        The steps that the plan was built from.
    title : str
        Beginning of the caption.

    Returns
    -------
    Preview
        A `TextPreview` for text and tokens, a `Picture` for everything else.

    Raises
    ------
    SourceError
    """
    before, after = loaded.start.output(), plan.output
    result = execute(plan, loaded.content).copy()
    caption = f"{title}: {before} to {_described(after, result)}"
    if before.kind == "text":
        shown = page.texts(result) if after.kind == "text" else page.numbers(result)
        return TextPreview(caption, page.texts(loaded.start.run(loaded.content)), shown)
    if isinstance(after, SectionsSpec):
        panels = _sections(plan, result, after, steps)
    else:
        panels = [panel(result, after.kind, steps)]
    return Picture.of((panel_before(loaded), *panels), f"{caption}{_how(result, after, steps)}")


def panel_before(loaded: Loaded) -> Array:
    """Draw a source that is not text, (H, W, 3) uint8.

    Only the frames shown are decoded of a video; a short video repeats some.
    """
    start = loaded.start
    if isinstance(start, VideoStart):
        start = start.narrow(lambda choice: choice.sample(images.SHOWN, images.SHOWN))
    return panel(start.run(loaded.content), start.output().kind)


def panel(array: Array, kind: Kind, steps: Sequence[Transform] = ()) -> Array:
    """Draw a result that is not text, (H, W, 3) uint8.

    Parameters
    ----------
    array : ndarray
        Indexed as the specs of its kind tell.
    kind : {"image", "views", "video", "index", "audio", "spectrogram"}
    steps : sequence of Transform
        The steps that made it. A normalisation among them is undone.
    """
    if array.size == 0:
        return np.full((BOX, BOX, 3), 255, np.uint8)
    if kind in {"video", "views"}:
        return images.contact_sheet(array[images.chosen(len(array))], steps)
    if kind == "index":
        return images.mask_panel(array)
    if kind == "audio":
        return sound.panel(array)
    if kind == "spectrogram":
        return sound.spectrogram_panel(array)
    return images.panel(array, steps)


def _sections(
    plan: Plan, result: Array, spec: SectionsSpec, steps: Sequence[Transform]
) -> list[Array]:
    """Draw the views of each section."""
    shared, sections = divide(steps)
    parts = plan.encoding.parts(result, spec)
    drawn = []
    for section, (key, views) in zip(sections, spec.sections, strict=True):
        own = [step for _, step in (*shared, *section.steps)]
        drawn.append(panel(plan.encoding.as_planned(parts[key], views), views.kind, own))
    return drawn


def _described(spec: Spec, array: Array) -> str:
    """Return a spec as text, with its unknown sizes taken from the array."""
    if isinstance(spec, SectionsSpec):
        return str(spec)
    if isinstance(spec, TextSpec):
        return str(TextSpec(len(array)))
    if isinstance(spec, AudioSpec):
        channels, samples = array.shape
        return str(replace(spec, channels=channels, samples=samples))
    return f"{'×'.join(map(str, array.shape))} {array.dtype}"


def _how(array: Array, spec: Spec, steps: Sequence[Transform]) -> str:
    """Return how values were changed to make them visible, as the end of the caption."""
    if spec.kind == "spectrogram":
        return ", shown in decibels" if sound.needs_decibels(array) else ""
    if spec.kind == "audio" or images.normalized_by(steps) is None:
        return ""
    return ", shown with its normalisation undone"
