"""Base classes `Start` and `Stage`, the starts `Decode` and `Given`, and `KernelStage`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from preprocessing.cancellation import checkpoint
from preprocessing.decode.image import decoder as image
from preprocessing.decode.image.header import ImageHeader
from preprocessing.frozen import frozen
from preprocessing.geometry.geometry import Geometry
from preprocessing.geometry.matrices import IDENTITY
from preprocessing.kernels.temporaries import temporary_bytes
from preprocessing.limits import frame, nbytes
from preprocessing.media import ImageSpec, Spec

if TYPE_CHECKING:
    from preprocessing.decode.formats import Format
    from preprocessing.geometry.matrices import Coefficients
    from preprocessing.limits import Limits
    from preprocessing.media import Array, Content
    from preprocessing.planner.stages.frame_selection import FrameSelection


class Start(ABC):
    """First part of a plan: turns a source into an array."""

    @classmethod
    def probe(cls, data: Any, found: Format, limits: Limits) -> Start:
        """Read an object's header. `data` is its bytes, or for a video possibly `BlockReader` of them.

        Raises
        ------
        SourceError, LimitExceeded
        """
        raise NotImplementedError

    @abstractmethod
    def output(self) -> Spec:
        """Return the spec of the decoded array."""

    @abstractmethod
    def run(self, content: Content) -> Array:
        """Return the decoded array. The next call in this thread may reuse its memory."""

    def holds(self) -> int:
        """Return the peak memory of `run` in bytes: the decoder's and the result, not the object."""
        return nbytes(self.output())

    @property
    def orientation(self) -> int:
        """EXIF orientation by which stored pixels are turned upright, 1 to 8."""
        return 1

    @property
    def geometry(self) -> Geometry | None:
        """The way from the upright source to the decoded array; None if that is not an image."""
        spec = self.output()
        if not isinstance(spec, ImageSpec) or spec.height is None or spec.width is None:
            return None
        size = (spec.height, spec.width)
        return Geometry(IDENTITY, size, size, self.orientation)


class VideoStart(Start):
    """A start that decodes chosen frames of a video."""

    choice: FrameSelection

    @abstractmethod
    def frames(self, content: Content) -> Iterator[Array]:
        """Yield the chosen frames in order. A frame may reuse the memory of the one before it."""

    def run(self, content: Content) -> Array:
        return np.stack([frame.copy() for frame in self.frames(content)])

    def narrow(self, narrow: Callable[[FrameSelection], FrameSelection]) -> VideoStart:
        """Return a start that decodes what `narrow` leaves of the chosen frames."""
        made: VideoStart = replace(cast("Any", self), choice=narrow(self.choice))
        return made

    def limit_frames(self, most: int) -> VideoStart:
        """Return a start that raises LimitExceeded after `most` frames.

        For videos whose number of frames only decoding tells; an array's is known beforehand.
        """
        return self


@frozen
class Given(Start):
    """Start of a source that is an array.

    Parameters
    ----------
    spec : Spec
    orientation : int
        EXIF orientation of the file that Pillow read the array from, and by which it was turned.
    """

    spec: Spec
    orientation: int = 1

    def __str__(self) -> str:
        return "Array"

    def output(self) -> Spec:
        return self.spec

    def run(self, content: Content) -> Array:
        return cast("Array", content)

    def holds(self) -> int:
        """Return 0, because the array is the caller's."""
        return 0


@frozen
class Decode(Start):
    """Start that decodes an image; see `preprocessing.decode.image.decoder.decode`.

    Parameters
    ----------
    header : ImageHeader
    eighths : {1, 2, 4, 8}
        Scale of the decoded image, in eighths of the stored size.
    luma : bool
        Whether to decode only the luma, as one channel.
    """

    header: ImageHeader
    eighths: int = 8
    luma: bool = False

    def __str__(self) -> str:
        how = f", {self.eighths}/8" * (self.eighths < 8) + ", luma" * self.luma
        return f"Decode({self.header}{how})"

    @classmethod
    def probe(cls, data: bytes, found: Format, limits: Limits) -> Decode:
        return cls(image.probe(data, found.name, limits))

    @property
    def orientation(self) -> int:
        return self.header.orientation

    def output(self) -> ImageSpec:
        height, width = (
            -(-side * self.eighths // 8) for side in (self.header.height, self.header.width)
        )
        return ImageSpec(height, width, 1 if self.luma else 3, "uint8")

    def holds(self) -> int:
        return image.holds(self.header, eighths=self.eighths, luma=self.luma)

    def run(self, content: Content) -> Array:
        assert isinstance(content, bytes)
        return image.decode(content, self.header, eighths=self.eighths, luma=self.luma)


class Stage(ABC):
    """One physical step. As text, it shows the fields that differ from their defaults.

    Specs are typed as Any because each stage takes only the specs of its transform.
    """

    def __str__(self) -> str:
        kind: type[Any] = type(self)
        shown = [
            f"{field.name}={_brief(getattr(self, field.name))}"
            for field in fields(kind)
            if getattr(self, field.name) != field.default
        ]
        return f"{kind.__name__.removesuffix('Stage')}({', '.join(shown)})"

    @abstractmethod
    def output(self, spec: Any) -> Any:
        """Return the spec of the result for an input of `spec`."""

    @property
    def fills(self) -> bool:
        """Whether `apply` writes its result to `out` directly, without an array of its own."""
        return False

    def holds(self, spec: Any) -> int:
        """Return the peak memory of `apply` in bytes: result and temporaries, not the input.

        0 if the result is a view.
        """
        return nbytes(self.output(spec))

    @abstractmethod
    def matrix(self, spec: Any) -> Coefficients | None:
        """Return where the stage moves the places of an input of `spec`, as `Geometry` counts them.

        `IDENTITY` if each pixel of the result shows the same place; None if the result is not an image,
        or nobody says where it shows what.
        """

    @abstractmethod
    def apply(self, array: Array, out: Array | None = None) -> Array:
        """Return the result. It is `out` only if `out` is given and the stage could write to it."""


def apply_stages(stages: Sequence[Stage], array: Array, out: Array | None = None) -> Array:
    """Run stages. The result is `out` only if `out` is given and the last stage could write to it."""
    last = len(stages) - 1
    for i, stage in enumerate(stages):
        checkpoint()
        array = stage.apply(array, out if i == last else None)
    return array


def apply_stages_into(stages: Sequence[Stage], array: Array, out: Array) -> None:
    """Run stages and have the result in `out`, whether or not the last stage could write to it."""
    result = apply_stages(stages, array, out)
    if not np.may_share_memory(result, out):
        np.copyto(out, result)


@frozen
class Kernel(Stage):
    """Base of the stages that call one kernel.

    Parameters
    ----------
    kernel : callable
        Takes the array and the arguments. Returns a new array, or a view that is not written to.
    arguments : tuple
        The kernel's arguments after the array.
    """

    kernel: Callable[..., Array]
    arguments: tuple[Any, ...]

    def __str__(self) -> str:
        return f"{self.kernel.__name__}({', '.join(map(_brief, self.arguments))})"

    def holds(self, spec: Any) -> int:
        result = frame(self.output(spec))
        return nbytes(result) + temporary_bytes(self.kernel, spec, result, self.arguments)

    def apply(self, array: Array, out: Array | None = None) -> Array:
        return self.kernel(array, *self.arguments)


@frozen
class KernelStage(Kernel):
    """Stage that calls a kernel for images, about which the rules know only `pointwise`.

    Parameters
    ----------
    kernel, arguments
        As for `Kernel`.
    result : ImageSpec
        Spec of the result. A side that is None is the input's.
    moves : tuple of 9 floats or None
        The stage's matrix.
    pointwise : bool
        Whether each pixel of the result depends only on the same pixel of the input. A stage that moves
        pixels can then run first.
    """

    result: ImageSpec
    moves: Coefficients | None
    pointwise: bool = False

    def matrix(self, spec: Any) -> Coefficients | None:
        return self.moves

    def output(self, spec: ImageSpec) -> ImageSpec:
        height, width = self.result.height or spec.height, self.result.width or spec.width
        return replace(self.result, height=height, width=width)


def _brief(value: object) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(_brief, value))})"
    if isinstance(value, bytes):  # a table of results
        return f"{len(value)} bytes"
    return f"{value:.6g}" if isinstance(value, float) else repr(value)
