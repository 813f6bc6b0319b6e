"""`ViewsStage`: the stages of each view, run on one image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from preprocessing.buffers import empty
from preprocessing.frozen import frozen
from preprocessing.limits import nbytes
from preprocessing.planner.stages.base import Stage, apply_stages_into
from preprocessing.spec.view_specs import SectionsSpec, ViewsSpec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from preprocessing.encodings import Encoding
    from preprocessing.media import Array

# Bytes of a view's stages themselves: 2.6 KB for the steps of SimCLR.
_PLANNED_BYTES = 4 * 2**10


@frozen
class ViewsStage(Stage):
    """Make all views of one image, one after the other.

    Parameters
    ----------
    views : tuple of tuple of Stage
        The stages of each view, in the order of the sections.
    result : ViewsSpec or SectionsSpec
    encoding : Encoding
        Its layout is that of the array that holds several sections.
    """

    views: tuple[tuple[Stage, ...], ...]
    result: ViewsSpec | SectionsSpec
    encoding: Encoding

    def __str__(self) -> str:
        """Return the stages of each view on a line of its own."""
        lines = [f"Views({len(self.views)})"]
        for number, stages in enumerate(self.views):
            lines.append(f"    view {number}: {', '.join(map(str, stages)) or 'the image'}")
        return "\n".join(lines)

    def output(self, spec: Any) -> ViewsSpec | SectionsSpec:
        return self.result

    def matrix(self, spec: Any) -> None:
        """Return None: each view is another part of the image."""

    @property
    def fills(self) -> bool:
        return True

    def holds(self, spec: Any) -> int:
        """Return the bytes of all views, of the one that takes most to make, and of the plan."""
        making = max(_held(stages, spec) for stages in self.views)
        return nbytes(self.result) + making + len(self.views) * _PLANNED_BYTES

    def apply(self, array: Array, out: Array | None = None) -> Array:
        if out is None:
            seen = empty(self.encoding.shape(self.result), self.result.dtype)
            out = self.encoding.as_planned(seen, self.result)
        for place, stages in zip(self._places(out), self.views, strict=True):
            apply_stages_into(stages, array, place)
        return out

    def _places(self, out: Array) -> Iterator[Array]:
        """Yield the place of each view in the array of all."""
        if isinstance(self.result, ViewsSpec):
            yield from out
            return
        parts = self.encoding.parts(out, self.result)
        for key, views in self.result.sections:
            yield from self.encoding.as_planned(parts[key], views)


def _held(stages: Sequence[Stage], spec: Any) -> int:
    """Return the most bytes that stages hold at once, besides their input."""
    most = live = 0
    for stage in stages:
        held = stage.holds(spec)
        most = max(most, live + held)
        spec = stage.output(spec)
        live = nbytes(spec) if held else live
    return most
