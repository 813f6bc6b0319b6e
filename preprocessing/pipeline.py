"""`Pipeline`: an ordered list of transforms and an output encoding, applied to sources."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from preprocessing.buffers import allocate, naming_source, place_of, run_each
from preprocessing.limits import DEFAULT_LIMITS, Limits
from preprocessing.media import AudioSpec, Encoded, known
from preprocessing.planner import plan as planning
from preprocessing.planner.execute import execute
from preprocessing.rng import Draws, Seed
from preprocessing.sources import AnySource, Loaded, Passed, classify, load_source
from preprocessing.spec.pipeline_spec import PipelineSpec

if TYPE_CHECKING:
    from preprocessing.media import Array
    from preprocessing.planner.plan import Plan
    from preprocessing.planner.stages import Start
    from preprocessing.preview import Preview

# Plans are cached per source size and format, because a dataset's images come in few sizes.
_PLANS_KEPT = 64
_NO_DRAWS = Draws(b"")


class Pipeline(PipelineSpec):
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
    kind : {"image", "video", "audio", "text"}, optional
        Kind of objects that the pipeline takes. By default it follows from the steps: ``resample`` takes
        sound. Steps for images also take video, if `kind` says so.
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

    @cached_property
    def _kept_plan(self) -> Callable[[Start, Limits, Draws], Plan]:
        return lru_cache(_PLANS_KEPT)(self._build)

    def plan(
        self, source: AnySource, *, seed: int | Seed = 0, limits: Limits = DEFAULT_LIMITS
    ) -> Plan:
        """Return the physical plan for a source. Only the source's header is read.

        Parameters
        ----------
        source, seed, limits
            As for calling the pipeline.

        Returns
        -------
        Plan
            The stages that calling the pipeline would run. Print it to see them.

        Raises
        ------
        SourceError, IncompatibleSource, LimitExceeded
        """
        return self._plan(load_source(source, self.kind, limits), seed, limits)

    def _plan(self, loaded: Loaded, seed: int | Seed, limits: Limits) -> Plan:
        content = loaded.content
        if not self.random:
            plan = self._kept_plan(loaded.start, limits, _NO_DRAWS)
        else:
            whole = (Seed(seed) if isinstance(seed, int) else seed).of(content)
            plan = self._build(loaded.start, limits, Draws.of(self.fingerprint, whole))
        if isinstance(content, bytes):
            plan.require(len(content), limits)
        return plan

    def _build(self, start: Start, limits: Limits, draws: Draws) -> Plan:
        return planning.build(
            self.steps, self.encoding, start, limits, exact=self.exact, draws=draws
        )

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
              ``float32``;
            - a Pillow image, which is converted to upright 8-bit RGB as its file would be;
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
        loaded = load_source(source, self.kind, limits)
        plan = self._plan(loaded, seed, limits)
        if out is None and known(plan.output.shape) is None:  # known only after decoding
            array = execute(plan, loaded.content)
            return self.encoding.as_seen(array, plan.output).copy()
        result = place_of(plan.output, self.encoding, out)
        execute(plan, loaded.content, self.encoding.as_planned(result, plan.output))
        return result

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
            Number of sources to process at once.
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
        given = list(sources)
        seeds: Sequence[int | Seed] = [seed] * len(given) if isinstance(seed, int) else seed
        loaded, plans = [], []
        for index, (source, one) in enumerate(zip(given, seeds, strict=True)):
            with naming_source(index):
                loaded.append(load_source(source, self.kind, limits))
                plans.append(self._plan(loaded[index], one, limits))
        stack = allocate(self.encoding, [plan.output for plan in plans])

        def fill(index: int) -> None:
            with naming_source(index):
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
        loaded = (
            classify(source, self.kind, limits)
            if self.skip
            else load_source(source, self.kind, limits)
        )
        if isinstance(loaded, Passed):
            return Encoded(loaded.content, loaded.content_type, self._common)
        plan = self._plan(loaded, seed, limits)
        buffer = self.encoding.allocate(plan.output)
        if buffer is None:
            array = execute(plan, loaded.content)
            body: bytes | bytearray = self.encoding.encode(array, plan.output)
        else:
            array = execute(plan, loaded.content, buffer.array)
            body = buffer.body
        shape = self.encoding.as_seen(array, plan.output).shape
        metadata = self.metadata(shape, plan.output.dtype, seed=seed)
        if isinstance(plan.output, AudioSpec):
            metadata["rate"] = str(plan.output.rate)
        return Encoded(body, self.encoding.content_type, metadata)

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
