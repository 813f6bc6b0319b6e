"""`Pipeline`: what a user holds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from preprocessing import plan as planning
from preprocessing.batch import allocate, each, place_of
from preprocessing.draws import Draws, Seed
from preprocessing.encodings import DEFAULT_ENCODING, Encoding
from preprocessing.errors import IncompatibleSource, SpecError
from preprocessing.kernels import NUMERICS_VERSION
from preprocessing.media import DECODED, DEFAULT_LIMITS, Encoded, ImageSpec, Limits, OutputSpec
from preprocessing.parse import Parsed, parse, write_document, write_line
from preprocessing.sources import Loaded, Source, read
from preprocessing.transforms import RandomTransform, Transform

if TYPE_CHECKING:
    from preprocessing.media import Array
    from preprocessing.plan import Plan
    from preprocessing.preview import Preview
    from preprocessing.stages import Decode

# A dataset's photographs come in few sizes, and a server meets the same ones again and again.
_PLANS_KEPT = 64
_NO_DRAWS = Draws(b"")


class Pipeline:
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

    def __init__(
        self,
        steps: Iterable[Transform],
        encode: Encoding | None = None,
        *,
        exact: bool = False,
    ) -> None:
        self._parsed = Parsed(tuple(steps), DEFAULT_ENCODING if encode is None else encode, exact)
        try:
            self._specs = planning.infer(self.steps, self.encoding, DECODED)
        except IncompatibleSource as error:
            raise SpecError(str(error)) from None
        self._kept_plan = lru_cache(_PLANS_KEPT)(self._build)

    @classmethod
    def parse(cls, spec: str | Mapping[str, Any]) -> Pipeline:
        """Read any spelling: one line, a JSON or TOML document as text, or the mapping it holds.

        Raises
        ------
        SpecError
            Naming the step, the argument, and the nearest valid name.
        """
        parsed = parse(spec)
        return cls(parsed.steps, parsed.encoding, exact=parsed.exact)

    @property
    def steps(self) -> tuple[Transform, ...]:
        """The transforms, in order."""
        return self._parsed.steps

    @property
    def encoding(self) -> Encoding:
        """The output encoding."""
        return self._parsed.encoding

    @property
    def exact(self) -> bool:
        """Whether nothing is left out that would cost accuracy."""
        return self._parsed.exact

    @property
    def document(self) -> dict[str, Any]:
        """The pipeline as a document of plain values, for JSON or TOML."""
        return write_document(self._parsed)

    @cached_property
    def fingerprint(self) -> str:
        """Identity of the result: 32 hexadecimal digits.

        A hash of the canonical line with every default written out, and of the numerics version, so
        that it changes exactly when the bytes may.
        """
        text = f"{NUMERICS_VERSION}/{write_line(self._parsed, all_fields=True)}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    @property
    def output(self) -> OutputSpec:
        """What the pipeline gives; None stands for what depends on the source."""
        spec, encoding = self._specs[-1], self.encoding
        return OutputSpec(
            encoding.shape(spec), spec.dtype, encoding.nbytes(spec), encoding.content_type
        )

    @property
    def random(self) -> bool:
        """Whether the result depends on a seed."""
        return any(isinstance(step, RandomTransform) for step in self.steps)

    def plan(
        self, source: Source, *, seed: int | Seed = 0, limits: Limits = DEFAULT_LIMITS
    ) -> Plan:
        """Return the physical plan for `source`; only its header is read. Print it to see it."""
        return self._plan(read(source, limits), seed, limits)

    def _plan(self, loaded: Loaded, seed: int | Seed, limits: Limits) -> Plan:
        if not self.random:
            return self._kept_plan(loaded.spec, limits, _NO_DRAWS)
        whole = (Seed(seed) if isinstance(seed, int) else seed).of(loaded.content)
        return self._build(loaded.spec, limits, Draws.of(self.fingerprint, whole))

    def _build(self, start: Decode | ImageSpec, limits: Limits, draws: Draws) -> Plan:
        return planning.build(
            self.steps, self.encoding, start, limits, exact=self.exact, draws=draws
        )

    def __call__(
        self,
        source: Source,
        *,
        seed: int | Seed = 0,
        limits: Limits = DEFAULT_LIMITS,
        out: Array | None = None,
    ) -> Array:
        """Return the result as an array, in the layout of the encoding.

        Parameters
        ----------
        source : bytes, str, path or ndarray
            An encoded image, the path of one, or pixels of shape (H, W) or (H, W, C), of a type in
            ``uint8``, ``uint16``, ``float16``, ``float32``.
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
            latter. What a reader of the encoded body would get, but for the losses of JPEG and WebP.

        Raises
        ------
        SourceError, IncompatibleSource, LimitExceeded
        """
        loaded = read(source, limits)
        plan = self._plan(loaded, seed, limits)
        result = place_of(plan.output, self.encoding, out)
        planning.execute(plan, loaded.content, self.encoding.as_image(result))
        return result

    def batch(
        self,
        sources: Iterable[Source],
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
        SourceError, LimitExceeded
        """
        given = list(sources)
        seeds: Sequence[int | Seed] = [seed] * len(given) if isinstance(seed, int) else seed
        loaded = [read(source, limits) for source in given]
        plans = [self._plan(one, s, limits) for one, s in zip(loaded, seeds, strict=True)]
        stack = allocate(self.encoding, [plan.output for plan in plans])

        def fill(index: int) -> None:
            place = self.encoding.as_image(stack[index])
            planning.execute(plans[index], loaded[index].content, place)

        each(fill, len(given), threads)
        return stack

    def encode(
        self, source: Source, *, seed: int | Seed = 0, limits: Limits = DEFAULT_LIMITS
    ) -> Encoded:
        """Return the result as bytes; takes and raises what calling the pipeline does."""
        loaded = read(source, limits)
        plan = self._plan(loaded, seed, limits)
        buffer = self.encoding.allocate(plan.output)
        body: bytes | bytearray
        if buffer is None:
            body = self.encoding.encode(planning.execute(plan, loaded.content))
        else:
            planning.execute(plan, loaded.content, buffer.image)
            body = buffer.body
        shape = self.encoding.shape(plan.output)
        metadata = self.metadata(shape, plan.output.dtype, seed=seed)
        return Encoded(body, self.encoding.content_type, metadata)

    def metadata(
        self, shape: tuple[int | None, ...], dtype: str, *, seed: int | Seed = 0
    ) -> dict[str, str]:
        """Return what `encode` says of a result of this shape and type beside its bytes."""
        told = {
            "pipeline": str(self),
            "fingerprint": self.fingerprint,
            "shape": ",".join(map(str, shape)),
            "dtype": dtype,
        }
        if self.random:
            told["seed"] = str(seed if isinstance(seed, int) else seed.number)
        return told

    def preview(
        self, source: Source, *, seed: int | Seed = 0, limits: Limits = DEFAULT_LIMITS
    ) -> Preview:
        """Return the picture before and after, for a notebook to show or for ``.save(path)``."""
        from preprocessing.preview import compare  # noqa: PLC0415  for notebooks only

        loaded = read(source, limits)
        nothing = Pipeline((), exact=True)
        plans = (nothing._plan(loaded, 0, limits), self._plan(loaded, seed, limits))
        before, after = (planning.execute(plan, loaded.content).copy() for plan in plans)
        return compare(before, after, self.steps, str(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return (Pipeline.parse, (str(self),))  # its spelling is all there is to it

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pipeline) and self._parsed == other._parsed

    def __hash__(self) -> int:
        return hash(self._parsed)

    @cached_property
    def _line(self) -> str:
        return write_line(self._parsed)  # kept, because the metadata of every result has it

    def __str__(self) -> str:
        """Return the canonical one-line spelling."""
        return self._line

    def __repr__(self) -> str:
        exact = ", exact=True" if self.exact else ""
        return f"Pipeline({list(self.steps)!r}, encode={self.encoding!r}{exact})"

    def _repr_html_(self) -> str:
        """Return a table of the steps and the image after each, for notebooks."""
        from preprocessing.preview import table  # noqa: PLC0415  for notebooks only

        names = ["decode", *map(repr, self.steps)]
        rows = list(zip(names, self._specs, strict=True))
        return table(str(self), rows, repr(self.encoding), self.output)
