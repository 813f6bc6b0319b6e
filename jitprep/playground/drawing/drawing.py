"""`draw_value`: what can be seen of any value, by the kind of its spec."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jitprep.playground.drawing import images
from jitprep.playground.drawing.numbers import in_numbers
from jitprep.playground.drawing.view import View
from preprocessing import AudioSpec, SpectrogramSpec
from preprocessing.encodings.npy import Npy
from preprocessing.spec.view_specs import SectionsSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jitprep.playground.desk import Desk
    from preprocessing.encodings import Encoding
    from preprocessing.media import Array, Spec
    from preprocessing.planner.stages.frame_selection import FrameSelection
    from preprocessing.transforms import Transform


def draw_value(
    desk: Desk,
    array: Array,
    spec: Spec,
    steps: Sequence[Transform] = (),
    *,
    encoding: Encoding | None = None,
    choice: FrameSelection | None = None,
    body: bytes | bytearray = b"",
) -> View:
    """Draw a source, a result, or what a stage returns.

    Parameters
    ----------
    desk : Desk
    array : ndarray
        With the axes of `spec`. It is kept, so it must not change.
    spec : Spec
        Sizes that it does not know are the array's.
    steps : sequence of Transform
        The steps that made it: a normalisation among them is undone, tokens are read by their tokenizer.
    encoding : Encoding, optional
        Of a result. Its numbers are shown with the axes that readers see.
    choice : FrameSelection, optional
        Of a video: which frames of the source these are.
    body : bytes, optional
        Of a result: what is sent. A file that a browser plays is played as it is.
    """
    if array.size == 0:
        view = View(spec.kind, images.captioned(spec.kind, array), "there is nothing to see")
    else:
        view = _drawn(desk, array, spec, steps, encoding, choice, body)
    if view.numbers is not None or spec.kind == "text":
        return view
    seen = array if encoding is None else encoding.as_seen(array, spec)
    return replace(view, numbers=in_numbers(seen))


def _drawn(
    desk: Desk,
    array: Array,
    spec: Spec,
    steps: Sequence[Transform],
    encoding: Encoding | None,
    choice: FrameSelection | None,
    body: bytes | bytearray,
) -> View:
    """Call the function of the kind. Those that few look at are imported here."""
    if isinstance(spec, SectionsSpec):
        return images.draw_sections(desk, array, spec, steps, encoding or Npy())
    if isinstance(spec, AudioSpec):
        from jitprep.playground.drawing.sound import draw_sound  # noqa: PLC0415

        return draw_sound(desk, array, spec)
    if isinstance(spec, SpectrogramSpec):
        from jitprep.playground.drawing.sound import draw_spectrogram  # noqa: PLC0415

        return draw_spectrogram(desk, array)
    if spec.kind == "video":
        from jitprep.playground.drawing.video import draw_video  # noqa: PLC0415

        return draw_video(desk, array, steps, encoding=encoding, choice=choice, body=body)
    if spec.kind == "text":
        from jitprep.playground.drawing.text import draw_text  # noqa: PLC0415

        return draw_text(array)
    if spec.kind == "tokens":
        from jitprep.playground.drawing.tokens import draw_tokens  # noqa: PLC0415

        return draw_tokens(array, steps)
    if spec.kind == "index":
        return images.draw_index(desk, array)
    if spec.kind == "views":
        return images.draw_views(desk, array, steps)
    return images.draw_image(desk, array, steps)
