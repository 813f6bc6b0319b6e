"""`Pipeline`: an ordered list of transforms and an output encoding, applied to sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from preprocessing.buffers import allocate, naming_source, place_of, run_each
from preprocessing.errors import SpecError
from preprocessing.limits import DEFAULT_LIMITS, Limits
from preprocessing.media import Encoded, known
from preprocessing.planner.execute import encode_result, execute
from preprocessing.planner.pipeline_planner import PipelinePlanner
from preprocessing.planner.turns import TransformTurn
from preprocessing.rng import Seed
from preprocessing.sources import AnySource, Passed, classify, load_source
from preprocessing.spec.parse import is_shard_spelling, read_spelling
from preprocessing.spec.view_specs import SectionsSpec

if TYPE_CHECKING:
    from preprocessing.geometry.geometry import Geometry
    from preprocessing.media import Array
    from preprocessing.preview import Preview
    from preprocessing.shards.shard_pipeline import ShardPipeline

AnyPipeline: TypeAlias = "Pipeline | ShardPipeline"


class Pipeline(PipelinePlanner):
    """An ordered list of transforms and one output encoding. Immutable, hashable, thread-safe.

    Parameters
    ----------
    steps : iterable of Transform
        Applied in this order.
    encode : Encoding, optional
        How the result is written. The default is `Npy`.
    exact : bool
        Decode all pixels in full colour and resample in double precision. Otherwise the planner may save
        work within the tolerances that a `Plan` states.
    kind : {"image", "video", "audio", "text", "index"}, optional
        Kind of sources that the pipeline takes. By default it follows from the steps: ``resample`` takes
        sound. Steps for images also take video, if `kind` says so. ``index`` is for masks of class ids
        up to 255, and ``index:uint16`` for those up to 65,535. ``image:uint16`` and ``image:float32``
        decode images to these types.
    skip : bool
        Whether `encode` returns objects of other kinds unchanged. Otherwise it raises an error for them.

    Raises
    ------
    SpecError
        If no object could pass the steps in this order, such as a float result written as PNG.

    Examples
    --------
    >>> from preprocessing import Pipeline
    >>> p = Pipeline.parse("resize:256/center_crop:224/normalize:imagenet/npy")
    >>> p.output.shape, p.output.nbytes
    ((3, 224, 224), 602240)
    >>> p == Pipeline.parse(p.document) == Pipeline.parse(str(p))
    True
    """

    def geometry(
        self, source: AnySource, *, seed: int | Seed = 0, limits: Limits = DEFAULT_LIMITS
    ) -> Geometry:
        """Return where each place of a source is in the result, to move boxes, points and masks.

        Only the source's header is read; for random draws all of it, unless `seed` has the ETag.

        Parameters
        ----------
        source, seed, limits
            As for calling the pipeline.

        Returns
        -------
        Geometry
            Of an image, or of each frame of a video.

        Raises
        ------
        IncompatibleSource, SourceError, LimitExceeded
            The first for sound and text, and for a step that does not state where it moves places.
        """
        from preprocessing.geometry.planned import planned_geometry  # noqa: PLC0415  few need it

        return planned_geometry(self, source, seed, limits)

    def __call__(
        self,
        source: AnySource,
        *,
        seed: int | Seed = 0,
        limits: Limits = DEFAULT_LIMITS,
        out: Array | None = None,
    ) -> Array:
        """Return the result as an array, in the layout of the encoding.

        Parameters
        ----------
        source : bytes, str, PathLike, binary file, Ranged, array, PIL.Image.Image or Media
            The object, in one of these forms:

            - encoded: bytes, a path, a binary file (read from its current position), or a `Ranged` that
              reads it in pieces;
            - pixels: an array, or anything with ``__array__`` such as a tensor, of shape (H, W) or
              (H, W, C), or for a video (N, H, W, C), and of dtype ``uint8``, ``uint16``, ``float16`` or
              ``float32``; for a mask, an integer type;
            - a Pillow image, which is converted as its file would be, to upright 8-bit RGB;
            - `Media`, for sound, which needs a sampling rate.
        seed : int or Seed
            Seed of the random transforms, which also depend on the pipeline and the source. Pass a
            number such as the epoch, or a `Seed` with the object's key and ETag to get the same result
            as a read of that object through an access point. Ignored if nothing is random.
        limits : Limits
            Bounds on the size of the source and on memory.
        out : ndarray, optional
            Array to write the result to, of its shape and dtype. Must not overlap the source.

        Returns
        -------
        ndarray
            `out`, or a new writable array in C order that shares memory with nothing. Images have shape
            (C, H, W) for tensor encodings. With ``layout=hwc`` and for image files the shape is
            (H, W, C), or (H, W) for gray. The values are those that a reader of the encoded body would
            get, without the losses of JPEG, WebP and integer sound.

        Raises
        ------
        SourceError
            If the object is empty, damaged or of an unsupported format.
        IncompatibleSource
            If a step cannot take the source, or `out` has another shape or dtype than the result.
        LimitExceeded
            If the source, or the work on it, exceeds `limits`.

        Examples
        --------
        >>> import numpy as np
        >>> from preprocessing import Pipeline
        >>> p = Pipeline.parse("resize:256/center_crop:224/normalize:imagenet/npy")
        >>> p(np.zeros((375, 500, 3), np.uint8)).shape
        (3, 224, 224)
        """
        self.require_one_array()
        plan, content = self._planned(source, seed, limits)
        with TransformTurn(content):
            if out is None and known(plan.output.shape) is None:  # known only after decoding
                return self.encoding.as_seen(execute(plan, content), plan.output).copy()
            result = place_of(plan.output, self.encoding, out)
            execute(plan, content, self.encoding.as_planned(result, plan.output))
            return result

    def views(
        self, source: AnySource, *, seed: int | Seed = 0, limits: Limits = DEFAULT_LIMITS
    ) -> dict[str, Array]:
        """Return the array of each section of views by its key, where there are several.

        Parameters
        ----------
        source, seed, limits
            As for calling the pipeline.

        Raises
        ------
        SpecError, SourceError, IncompatibleSource, LimitExceeded
            The first if the pipeline returns one array, the others as for calling it.
        """
        plan, content = self._planned(source, seed, limits)
        if not isinstance(plan.output, SectionsSpec):
            raise SpecError("the pipeline returns one array; call it instead of views()")
        return self.encoding.parts(execute(plan, content), plan.output)

    def batch(
        self,
        sources: Iterable[AnySource],
        *,
        seed: int | Sequence[Seed] = 0,
        threads: int = 1,
        limits: Limits = DEFAULT_LIMITS,
    ) -> Array:
        """Return the results of many sources in one array.

        Each row equals the result of calling the pipeline with that source.

        Parameters
        ----------
        sources : iterable of sources, or ndarray
            Sources as for calling the pipeline. An array of shape (N, H, W, C) is N decoded images.
        seed : int or sequence of Seed
            One number for all sources, or a `Seed` for each.
        threads : int
            Number of sources to process at once; as many transform as there are processors.
        limits : Limits
            Bounds for each source.

        Returns
        -------
        ndarray
            The stacked results, shape (N, ...). Each is computed in place, without a copy.

        Raises
        ------
        IncompatibleSource
            If the results differ in shape or dtype, or `sources` is empty.
        SourceError, LimitExceeded, OSError
            As for calling the pipeline. The message starts with the index of the source.
        """
        self.require_one_array()
        given = list(sources)
        seeds: Sequence[int | Seed] = [seed] * len(given) if isinstance(seed, int) else seed
        loaded, plans = [], []
        for index, (source, one) in enumerate(zip(given, seeds, strict=True)):
            with naming_source(index):
                loaded.append(load_source(source, self.kind, limits))
                plans.append(self._plan(loaded[index], one, limits))
        stack = allocate(self.encoding, [plan.output for plan in plans])

        def fill(index: int) -> None:
            with naming_source(index), TransformTurn(loaded[index].content):
                place = self.encoding.as_planned(stack[index], plans[index].output)
                execute(plans[index], loaded[index].content, place)

        run_each(fill, len(given), threads)
        return stack

    def encode(
        self, source: AnySource, *, seed: int | Seed = 0, limits: Limits = DEFAULT_LIMITS
    ) -> Encoded:
        """Return the result as bytes in the pipeline's encoding.

        Parameters
        ----------
        source, seed, limits
            As for calling the pipeline.

        Returns
        -------
        Encoded
            The body, its content type, and metadata such as the shape, the dtype and the fingerprint.

        Raises
        ------
        SourceError, IncompatibleSource, LimitExceeded
        """
        load = classify if self.skip else load_source
        loaded = load(source, self.kind, limits)
        if isinstance(loaded, Passed):
            return Encoded(loaded.content, loaded.content_type, self._common)
        plan = self._plan(loaded, seed, limits)
        with TransformTurn(loaded.content):
            body, array = encode_result(plan, loaded.content)
        about = self.planned_metadata(plan, array, seed)
        return Encoded(body, self.encoding.content_type, about)

    def preview(
        self, source: AnySource, *, seed: int | Seed = 0, limits: Limits = DEFAULT_LIMITS
    ) -> Preview:
        """Return the source and its result side by side, for a notebook or for ``.save(path)``.

        Images, videos (as contact sheets) and sound (as waveform and spectrogram) become a picture. Text
        and tokens become an HTML page.

        Parameters
        ----------
        source, seed, limits
            As for calling the pipeline.

        Raises
        ------
        SourceError, IncompatibleSource, LimitExceeded
        """
        from preprocessing.preview import compare  # noqa: PLC0415  for notebooks only

        loaded = load_source(source, self.kind, limits)
        return compare(loaded, self._plan(loaded, seed, limits), self.steps, str(self))


def parse_pipeline(spec: str | Mapping[str, Any]) -> AnyPipeline:
    """Parse a pipeline for objects, or one for shards, whose line begins with ``tar/``.

    Raises
    ------
    SpecError

    Examples
    --------
    >>> from preprocessing import parse_pipeline
    >>> parse_pipeline("tar/resize:256/npy")
    ShardPipeline(Pipeline([Resize(256)], encode=Npy()), Tar())
    """
    if not is_shard_spelling(read_spelling(spec)):
        return Pipeline.parse(spec)
    from preprocessing.shards.shard_pipeline import ShardPipeline  # noqa: PLC0415  for shards

    return ShardPipeline.parse(spec)
