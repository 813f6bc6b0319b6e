"""`Pipeline`: what a user holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from preprocessing.buffers import allocate, each, naming, place_of
from preprocessing.limits import DEFAULT_LIMITS, Limits
from preprocessing.media import AudioSpec, Encoded, known
from preprocessing.planner import plan as planning
from preprocessing.rng import Draws, Seed
from preprocessing.sources import AnySource, Loaded, Passed, classify, read
from preprocessing.spec.pipeline_spec import PipelineSpec

if TYPE_CHECKING:
    from preprocessing.media import Array
    from preprocessing.planner.plan import Plan
    from preprocessing.planner.stages import Start
    from preprocessing.preview import Preview

# A dataset's photographs come in few sizes, and a server meets the same ones again and again.
_PLANS_KEPT = 64
_NO_DRAWS = Draws(b"")


class Pipeline(PipelineSpec):
    """An ordered list of transforms and one output encoding. Immutable, hashable, thread-safe.

    Parameters
    ----------
    steps : iterable of Transform
        Applied in this order.
    encode : Encoding, optional
        How the result is written; `Npy` where left out.
    exact : bool
        Decode every pixel in full colour and resample in double precision, even where less would come
        within the tolerance that the plan states.
    kind : {"image", "video", "audio", "text"}, optional
        What objects it is for. Where left out the steps tell: ``resample`` takes sound. Those for images
        take video too, where that is named.
    skip : bool
        Whether `encode` passes objects of other kinds through untouched. Otherwise they are refused.

    Raises
    ------
    SpecError
        For an order that no image could pass, such as a float result to be written as PNG.

    Examples
    --------
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
        """Return the physical plan for `source`; only its header is read. Print it to see it."""
        return self._plan(read(source, self.kind, limits), seed, limits)

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
        source : bytes, str, path, file, Ranged, array, image of Pillow or Media
            An encoded object, the path of one, a binary file, which is read from where it stands, what
            reads it in pieces, or an array, or anything that has ``__array__``, such as a tensor: pixels
            of shape (H, W) or (H, W, C), of a type in ``uint8``, ``uint16``, ``float16``, ``float32``,
            or with a leading axis those of a video. An image of Pillow becomes what its file would:
            upright, 8-bit RGB. Sound, which has a rate, is given as `Media`.
        seed : int or Seed
            What random transforms draw from, together with the pipeline and the source: a number, such
            as the epoch, or a `Seed` that also tells the object's key and ETag, to get what a read of
            that object through an access point gives. Without random transforms it changes nothing.
        limits : Limits
        out : ndarray, optional
            Where to put the result, of its shape and type, apart from the source.

        Returns
        -------
        ndarray
            `out`, or a new one: writable, in C order, shared with nothing. For the tensor encodings
            (C, H, W), or with ``layout=hwc`` (H, W, C) and (H, W) for gray; for the image files the
            latter. What a reader of the encoded body would get, but for the losses of JPEG and WebP, and
            those of sound in integers.

        Raises
        ------
        SourceError, IncompatibleSource, LimitExceeded
        """
        loaded = read(source, self.kind, limits)
        plan = self._plan(loaded, seed, limits)
        if (
            out is None and known(plan.output.shape) is None
        ):  # only the content tells how large it is
            array = planning.execute(plan, loaded.content)
            return self.encoding.as_seen(array, plan.output).copy()
        result = place_of(plan.output, self.encoding, out)
        planning.execute(plan, loaded.content, self.encoding.as_planned(result, plan.output))
        return result

    def batch(
        self,
        sources: Iterable[AnySource],
        *,
        seed: int | Sequence[Seed] = 0,
        threads: int = 1,
        limits: Limits = DEFAULT_LIMITS,
    ) -> Array:
        """Return the results of many sources in one array, each what calling the pipeline gives.

        Parameters
        ----------
        sources : iterable of sources, or ndarray
            An array of shape (N, H, W, C) is N decoded images.
        seed : int or sequence of Seed
            One number for all, or a `Seed` for each source.
        threads : int
            How many sources are worked on at once.
        limits : Limits
            For each source.

        Returns
        -------
        ndarray
            Shape (N, ...): the results, stacked. Each is computed into its place; nothing is copied.

        Raises
        ------
        IncompatibleSource
            Where the results' shapes differ, or there are no sources.
        SourceError, LimitExceeded, OSError
            Each names the index of the source that it is about.
        """
        given = list(sources)
        seeds: Sequence[int | Seed] = [seed] * len(given) if isinstance(seed, int) else seed
        loaded, plans = [], []
        for index, (source, one) in enumerate(zip(given, seeds, strict=True)):
            with naming(index):
                loaded.append(read(source, self.kind, limits))
                plans.append(self._plan(loaded[index], one, limits))
        stack = allocate(self.encoding, [plan.output for plan in plans])

        def fill(index: int) -> None:
            with naming(index):
                place = self.encoding.as_planned(stack[index], plans[index].output)
                planning.execute(plans[index], loaded[index].content, place)

        each(fill, len(given), threads)
        return stack

    def encode(
        self, source: AnySource, *, seed: int | Seed = 0, limits: Limits = DEFAULT_LIMITS
    ) -> Encoded:
        """Return the result as bytes; takes and raises what calling the pipeline does."""
        loaded = (
            classify(source, self.kind, limits) if self.skip else read(source, self.kind, limits)
        )
        if isinstance(loaded, Passed):
            return Encoded(loaded.content, loaded.content_type, self._common)
        plan = self._plan(loaded, seed, limits)
        buffer = self.encoding.allocate(plan.output)
        if buffer is None:
            array = planning.execute(plan, loaded.content)
            body: bytes | bytearray = self.encoding.encode(array, plan.output)
        else:
            array = planning.execute(plan, loaded.content, buffer.array)
            body = buffer.body
        shape = self.encoding.as_seen(array, plan.output).shape
        metadata = self.metadata(shape, plan.output.dtype, seed=seed)
        if isinstance(plan.output, AudioSpec):
            metadata["rate"] = str(plan.output.rate)
        return Encoded(body, self.encoding.content_type, metadata)

    def preview(
        self, source: AnySource, *, seed: int | Seed = 0, limits: Limits = DEFAULT_LIMITS
    ) -> Preview:
        """Return what there is before and after, for a notebook to show or for ``.save(path)``.

        Images, contact sheets of videos, waveforms and spectrograms of sound are a picture; text and
        tokens are a page. Takes and raises what calling the pipeline does.
        """
        from preprocessing.preview import compare  # noqa: PLC0415  for notebooks only

        loaded = read(source, self.kind, limits)
        return compare(loaded, self._plan(loaded, seed, limits), self.steps, str(self))
