"""Sections: the division of a pipeline by its branches, and the spec that their views have together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from preprocessing.errors import IncompatibleSource, SpecError
from preprocessing.frozen import frozen
from preprocessing.spec.view_specs import SectionsSpec, ViewsSpec
from preprocessing.transforms._base import Branch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from preprocessing.transforms import Transform


@frozen
class Section:
    """The steps from a branch up to the next.

    Parameters
    ----------
    place : int
        Place of the branch among the steps of the pipeline, from 1.
    branch : Branch
    steps : tuple of (int, Transform)
        The steps after it, with their places.
    """

    place: int
    branch: Branch
    steps: tuple[tuple[int, Transform], ...]

    @property
    def end(self) -> int:
        """Place of its last step."""
        return self.place + len(self.steps)


def divide(
    steps: Sequence[Transform],
) -> tuple[tuple[tuple[int, Transform], ...], tuple[Section, ...]]:
    """Return the steps before the first branch, with their places, and the sections."""
    places = list(enumerate(steps, 1))
    starts = [place for place, step in places if isinstance(step, Branch)]
    ends = [*starts[1:], len(places) + 1]
    sections = []
    for start, end in zip(starts, ends, strict=True):
        branch = places[start - 1][1]
        assert isinstance(branch, Branch)
        sections.append(Section(start, branch, tuple(places[start : end - 1])))
    return tuple(places[: starts[0] - 1 if starts else None]), tuple(sections)


def require_keys(steps: Sequence[Transform]) -> None:
    """Raise SpecError unless each of several sections has a key of its own, and a single one none."""
    branches = [(place, step) for place, step in enumerate(steps, 1) if isinstance(step, Branch)]
    taken = set[str]()
    for place, branch in branches:
        where = f"step {place} {branch.name!r}"
        if len(branches) == 1 and branch.key:
            raise SpecError(
                f"{where}: key names one of several sections, and there is one; omit it, or name the "
                "tensor with safetensors:key=...",
                step=place,
                argument="key",
            )
        if len(branches) > 1 and not branch.key:
            raise SpecError(
                f"{where}: key is missing, as in {branch.name}:{branch.count},key=local",
                step=place,
                argument="key",
            )
        if len(branches) > 1 and branch.key in taken:
            raise SpecError(
                f"{where}: key {branch.key!r} is taken; give each section its own",
                step=place,
                argument="key",
            )
        taken.add(branch.key)


def joined_spec(sections: Sequence[Section], views: Sequence[Any]) -> ViewsSpec | SectionsSpec:
    """Return the spec of all views, given that of one view of each section.

    Raises
    ------
    IncompatibleSource
        If the dtypes of sections differ.
    """
    stacked = [
        ViewsSpec(view.height, view.width, view.channels, view.dtype, section.branch.count)
        for section, view in zip(sections, views, strict=True)
    ]
    if len(stacked) == 1:
        return stacked[0]
    for section, views_ in zip(sections, stacked, strict=True):
        if views_.dtype != stacked[0].dtype:
            raise IncompatibleSource(
                f"the views of {section.branch.key!r} are {views_.dtype} and those of "
                f"{sections[0].branch.key!r} {stacked[0].dtype}; end all sections with the same dtype"
            )
    keys = [section.branch.key for section in sections]
    return SectionsSpec(tuple(zip(keys, stacked, strict=True)))
