"""Where boxes and a mask of a source are in a result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from jitprep.playground.drawing.images import overlay_frame
from preprocessing.errors import IncompatibleSource, UnsupportedSource
from preprocessing.sources import load_source
from preprocessing.spec.kinds import object_kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jitprep.playground.desk import Desk
    from jitprep.playground.items import Item
    from jitprep.playground.looking.subject import Subject
    from preprocessing import Geometry, Limits, Plan
    from preprocessing.media import Array

    Boxes = Sequence[tuple[float, float, float, float]]


def moved_annotations(
    desk: Desk, subject: Subject, plan: Plan, seed: int, boxes: Boxes, mask: Item | None
) -> tuple[dict[str, Any] | None, str]:
    """Return where boxes and a mask of a source are in its result, and what cannot be moved, and why.

    Parameters
    ----------
    desk : Desk
    subject : Subject
    plan : Plan
        Of the read.
    seed : int
        Of the read.
    boxes : sequence of tuple of float
        Left, top, right and bottom of each in the upright source.
    mask : Item, optional

    Raises
    ------
    SourceError, LimitExceeded
        If the mask cannot be decoded.
    """
    geometry = plan.geometry
    if geometry is None:
        return None, _why_none(subject, seed)
    drawn, why = None, ""
    if mask is not None:
        ids = _class_ids(mask.content, subject.limits)
        try:
            moved = geometry.mask(ids)
            drawn = {"before": overlay_frame(desk, ids), "after": overlay_frame(desk, moved)}
        except ValueError as error:  # of another size, or the image has become a line
            why = str(error)
    found = {
        "matrix": geometry.matrix.tolist(),
        "source": geometry.source[::-1],
        "result": geometry.result[::-1],
        "boxes": _moved_boxes(geometry, boxes),
        "mask": drawn,
    }
    return found, why


def _why_none(subject: Subject, seed: int) -> str:
    """Return the library's error for a source without geometry. Empty for sound and text."""
    pipeline, item = subject.pipeline, subject.item
    if object_kind(pipeline.kind) not in ("image", "video"):
        return ""
    try:
        pipeline.geometry(item.content, seed=subject.seed(seed), limits=subject.limits)
    except IncompatibleSource as error:
        return str(error)
    return ""


def _moved_boxes(geometry: Geometry, boxes: Boxes) -> list[dict[str, Any]]:
    if not boxes:
        return []
    moved, kept = geometry.boxes(np.array(boxes))
    return [
        {"before": before, "after": _seen(after), "degenerate": not keep}
        for before, after, keep in zip(boxes, moved, kept.tolist(), strict=True)
    ]


def _seen(box: Array) -> list[float] | None:
    """Return a box as plain numbers; None where nothing of it is in the result."""
    left, top, right, bottom = box.tolist()
    return [left, top, right, bottom] if left < right and top < bottom else None


def _class_ids(content: bytes, limits: Limits) -> Array:
    """Decode a mask to (H, W), of as many bits as it needs."""
    try:
        loaded = load_source(content, "index", limits)
    except UnsupportedSource:
        loaded = load_source(content, "index:uint16", limits)
    ids: Array = loaded.start.run(loaded.content)[:, :, 0].copy()
    return ids
