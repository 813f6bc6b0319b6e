"""What the page asks for: JSON, parsed into typed values before anything is done with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from preprocessing.frozen import frozen
from preprocessing.rng import LARGEST_SEED

MOST_BOXES = 1000
# Characters of a pipeline, which are a few thousand steps.
MOST_PIPELINE = 20_000
# No image has a place so far away. JSON's numbers may also be infinite, or not a number.
_FARTHEST = 1e9


class AskRefused(Exception):
    """What the page asks for is wrong or not there. The message is for the user."""


@frozen
class SourceAsk:
    """The name of a source: an object of a place, or an uploaded file, or a member of either.

    Parameters
    ----------
    place, key : str
        An object; both empty for an upload.
    upload : str
        The id of an uploaded file.
    member : str
        A member of that object or file, which is a shard; empty for the object itself.
    """

    place: str = ""
    key: str = ""
    upload: str = ""
    member: str = ""

    @classmethod
    def of(cls, value: object) -> SourceAsk:
        """Read a source. Raises AskRefused."""
        table = _table("source", value)
        source = cls(*(_text(table, name) for name in ("place", "key", "upload", "member")))
        if bool(source.upload) == bool(source.key):
            raise AskRefused("name one source: a place and a key, or an upload")
        return source


@frozen
class LookAsk:
    """A source, a pipeline, and how it is looked at.

    Parameters
    ----------
    source : SourceAsk
    pipeline : str
        Any spelling, or a preset's name.
    off : tuple of int
        Steps that are left out, by their place in the whole pipeline, from 0. The encoding is a step.
    seed : int
        Of a read: the epoch.
    boxes : tuple of tuple of float
        Boxes on the source, as xyxy.
    mask : SourceAsk, optional
        A mask of the source.
    """

    source: SourceAsk
    pipeline: str
    off: tuple[int, ...] = ()
    seed: int = 0
    boxes: tuple[tuple[float, float, float, float], ...] = ()
    mask: SourceAsk | None = None

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> LookAsk:
        """Read a request's body. Raises AskRefused."""
        mask = table.get("mask")
        return cls(
            SourceAsk.of(table.get("source")),
            _pipeline(table),
            _off(table.get("off", [])),
            seed_of(table.get("seed", 0)),
            _boxes(table.get("boxes", [])),
            None if mask is None else SourceAsk.of(mask),
        )


@frozen
class PipelineAsk:
    """A pipeline by its spelling, or by its cards.

    Parameters
    ----------
    pipeline : str
        Any spelling, or a preset's name.
    off : tuple of int
        As in `LookAsk`.
    """

    pipeline: str
    off: tuple[int, ...] = ()

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> PipelineAsk:
        """Read a request's body. Raises AskRefused."""
        return cls(_pipeline(table), _off(table.get("off", [])))


def seed_of(value: object) -> int:
    """Read a seed. Raises AskRefused."""
    if type(value) is not int or not 0 <= value <= LARGEST_SEED:
        raise AskRefused(f"seed must be a whole number from 0 to {LARGEST_SEED}")
    return value


def _table(name: str, value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise AskRefused(f"{name} must be an object")
    return value


def _text(table: Mapping[str, Any], name: str) -> str:
    value = table.get(name, "")
    if not isinstance(value, str):
        raise AskRefused(f"{name} must be text")
    return value


def _pipeline(table: Mapping[str, Any]) -> str:
    text = _text(table, "pipeline")
    if len(text) > MOST_PIPELINE:
        raise AskRefused(
            f"the pipeline has {len(text):,} characters; the page takes at most {MOST_PIPELINE:,}"
        )
    return text


def _off(value: object) -> tuple[int, ...]:
    if not isinstance(value, list) or not all(type(place) is int for place in value):
        raise AskRefused("off must be a list of whole numbers")
    return tuple(value)


def _boxes(value: object) -> tuple[tuple[float, float, float, float], ...]:
    if not isinstance(value, list) or len(value) > MOST_BOXES:
        raise AskRefused(f"boxes must be a list of at most {MOST_BOXES}")
    return tuple(map(_box, value))


def _box(value: object) -> tuple[float, float, float, float]:
    if not isinstance(value, list) or len(value) != 4 or not all(map(_is_finite, value)):
        raise AskRefused("a box must be 4 numbers: left, top, right, bottom")
    left, top, right, bottom = map(float, value)
    return left, top, right, bottom


def _is_finite(side: object) -> bool:
    return type(side) in (int, float) and abs(cast("float", side)) <= _FARTHEST
