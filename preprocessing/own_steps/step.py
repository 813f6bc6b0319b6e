"""`Step`: the base class of a step of your own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, dataclass_transform

from preprocessing.errors import SpecError
from preprocessing.kernels.temporaries import samples
from preprocessing.media import SampleType
from preprocessing.own_steps.calls import Applied, blaming, infer_result
from preprocessing.own_steps.definition import define
from preprocessing.rng import Draws
from preprocessing.spec.line import write_step
from preprocessing.transforms._base import RandomTransform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from preprocessing.media import Array
    from preprocessing.transforms._base import Transform

# Four arrays of float64: ``(array / 255.0) ** 2 * 255`` allocates two on the way, random noise one more.
_TEMPORARY_BYTES = 32


@dataclass_transform(frozen_default=True, kw_only_default=False)
class Step(RandomTransform):
    """Base class of a step of your own.

    A class that derives from it and has `apply` is a step. Its annotated fields are the step's
    arguments, in order; it becomes a frozen dataclass without a decorator. Their types may be `int`,
    `float`, `bool`, `str`, `Literal`, tuples and unions of these. The attributes below are written in
    the class, without a type. See docs/pipelines/own-steps.md.

    Attributes
    ----------
    version : int
        Required. It is part of the fingerprint: raise it when the result of any input changes.
    name : str
        How pipelines spell the step. The default is made of the name of the class: ``film_grain`` for
        ``FilmGrain``.
    random : bool
        Whether the result depends on the seed; True by default. If False, `rng` is the same stream for
        every source and seed.
    input_kinds : tuple of str
        Kinds that the step takes: ``("image", "video")`` by default, or some of ``image``, ``video``,
        ``audio``, ``text``, ``spectrogram``, ``tokens``. A step for videos is applied to each frame.
    output_kind : str, optional
        Kind of the result, if it is not that of the input.
    dtypes : tuple of str
        Types of images that the step takes, of ``uint8``, ``uint16``, ``float16``, ``float32``. The
        default is ``("uint8",)``, which decoders return.
    strided : bool
        Whether `apply` takes an array of any memory layout, such as a flipped view. By default it does
        not, and the array is in C order.
    keeps_places : bool
        Whether each pixel of the result shows the same place of the image as before. By default nobody
        knows, and pipelines with the step have no geometry.

    Examples
    --------
    >>> import numpy as np
    >>> import preprocessing
    >>> class Solarise2(preprocessing.Step):
    ...     version = 1
    ...     random = False
    ...     threshold: int = 128
    ...
    ...     def apply(self, image, rng):
    ...         return np.where(image < self.threshold, image, 255 - image)
    >>> p = preprocessing.Pipeline.parse("solarise2:100/npy")
    >>> p(np.full((1, 2, 3), 200, np.uint8))[0]
    array([[55, 55]], dtype=uint8)
    """

    dtypes: ClassVar[tuple[SampleType, ...]] = ()
    strided: ClassVar[bool] = False
    keeps_places: ClassVar[bool] = False

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        define(cls, Step)

    def __post_init__(self) -> None:
        with blaming(self):
            try:
                super().__post_init__()
            except SpecError:
                raise
            except ValueError as error:  # what people raise in `check`
                raise SpecError(str(error)) from error

    def apply(self, array: Array, rng: Draws) -> Array:
        """Return the result for one array. Several threads may call it at once.

        Parameters
        ----------
        array : ndarray
            Not writable. An image or a frame has shape (H, W, C), sound (channels, samples), a
            spectrogram (channels, bins, frames), tokens (2, documents, length), and text (documents,)
            of `str`.
        rng : Draws
            Source of random numbers, the same for all frames of a video. For a library's generator,
            draw a seed: ``numpy.random.default_rng(rng.integer(0, 2**63 - 1))``.

        Returns
        -------
        ndarray
            A new array, or a view of `array`, with the shape and dtype that `result` states.

        Raises
        ------
        IncompatibleSource
            If the step cannot take this source. Any other exception becomes `StepFailed`.
        """
        raise NotImplementedError

    def result(self, spec: Any) -> Any:
        """Return the spec of the result for an input of `spec`; unchanged by default.

        For images and for frames of a video both are `ImageSpec`. Use ``dataclasses.replace`` to change
        a size or the dtype. A size is None while the source is unknown, and that of the result may be
        None then.

        Raises
        ------
        IncompatibleSource
            If the step cannot take such an input.
        """
        return spec

    def temporaries(self, spec: Any) -> int:
        """Return the most bytes that `apply` allocates besides its result, for an input of `spec`.

        The default is four arrays of float64 of the size of the input or the result, the larger of both.
        """
        return _TEMPORARY_BYTES * max(samples(spec), samples(self.result(spec)))

    def infer(self, spec: Any) -> Any:
        """Return the spec of the result, checked; for a video, with its number of frames."""
        return infer_result(self, spec)

    def choose(self, spec: Any, draws: Draws) -> Sequence[Transform]:  # noqa: ARG002  the base has it
        """Return the step with its random numbers."""
        if not self.random:
            draws = Draws(write_step(self, all_fields=True).encode())
        return (Applied(self, draws),)
