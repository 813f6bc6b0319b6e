"""Boxes and masks of a sample, moved as the pixels of its image."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing.errors import CorruptSource, IncompatibleSource, UnsupportedSource
from preprocessing.pipeline import Pipeline
from preprocessing.shards.tar_reader import Member
from preprocessing.shards.tar_writer import renamed_header

if TYPE_CHECKING:
    from preprocessing.geometry.geometry import Geometry
    from preprocessing.limits import Limits
    from preprocessing.media import Array
    from preprocessing.shards.tar_step import Tar

_IDS, _MANY_IDS = (Pipeline.parse(f"{kind}/npy:hwc") for kind in ("index", "index:uint16"))
# Coordinates that are farther off overflow on the way, and no image has them.
_FARTHEST = 2.0**53
_AS_PNG = {
    "uint8": Pipeline.parse("index/png"),
    "uint16": Pipeline.parse("index:uint16/png"),
}


def move_annotations(
    member: Member, extension: str, tar: Tar, geometry: Geometry, limits: Limits
) -> Member:
    """Return a member with its mask or its boxes moved; any other member as it is.

    Parameters
    ----------
    member : Member
    extension : str
        In lower case.
    tar : Tar
        Which members these are.
    geometry : Geometry
        Of the sample's image.
    limits : Limits

    Raises
    ------
    PreprocessingError
        If the mask cannot be decoded, or has another size than the image, or the boxes are not where
        `tar` says.
    """
    if extension == tar.mask:
        body = _moved_mask(member.body, geometry, limits)
    elif extension in tar.boxes[:1]:
        body = _moved_boxes(member.body, tar.boxes, geometry)
    else:
        return member
    return Member(member.name, body, renamed_header(member.head, member.name, len(body)), True)


def _moved_mask(body: bytes, geometry: Geometry, limits: Limits) -> bytes:
    """Return a mask of class ids as a PNG of as many bits as it had."""
    try:
        ids: Array = _IDS(body, limits=limits)
    except (UnsupportedSource, IncompatibleSource):  # 16 bits, or it is refused again
        ids = _MANY_IDS(body, limits=limits)
    try:
        moved = geometry.mask(ids)
    except ValueError as error:
        raise IncompatibleSource(f"the mask does not fit its image: {error}") from None
    return bytes(_AS_PNG[str(moved.dtype)].encode(moved, limits=limits).body)


def _moved_boxes(body: bytes, boxes: tuple[str, ...], geometry: Geometry) -> bytes:
    """Return JSON whose boxes are moved. Beside them are flags of those that are still to be seen."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise CorruptSource(f"it is not JSON: {str(error)[:100]}") from None
    *way, name = boxes[1].split(".")
    style: Any = boxes[2] if len(boxes) > 2 else "xyxy"
    holders = [document]
    for step in way:
        holders = [inner for one in holders for inner in _many(_field(one, step, boxes[1]))]
    for holder in holders:
        given = _field(holder, name, boxes[1])
        moved, keep = geometry.boxes(_numbers(given, boxes[1]), style)
        holder[name], holder[f"{name}_keep"] = moved.tolist(), keep.tolist()
    return json.dumps(document).encode()


def _field(holder: Any, name: str, path: str) -> Any:
    if not isinstance(holder, dict) or name not in holder:
        raise IncompatibleSource(f"it has no boxes at {path!r}; name their place in tar:boxes")
    return holder[name]


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _numbers(given: Any, path: str) -> Array:
    """Return one box or a list of boxes as float64, shape (..., 4)."""
    try:
        numbers = np.asarray(given, np.float64)
    except (TypeError, ValueError, OverflowError):
        numbers = np.zeros(1)
    if numbers.shape == (0,):
        return np.zeros((0, 4))
    if numbers.shape[-1:] != (4,) or numbers.ndim > 2 or not (abs(numbers) <= _FARTHEST).all():
        raise IncompatibleSource(f"{path!r} is not a box of four numbers, or a list of these")
    return numbers
