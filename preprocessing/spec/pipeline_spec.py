"""Pipelines without a source: steps, spellings, identity and output."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from preprocessing.errors import IncompatibleSource, SpecError
from preprocessing.kernels import NUMERICS_VERSION
from preprocessing.media import AudioSpec, OutputSpec
from preprocessing.planner import plan as planning
from preprocessing.spec.kinds import DECODED
from preprocessing.spec.parse import Parsed, parse_spec, write_document, write_line
from preprocessing.spec.view_specs import SectionsSpec
from preprocessing.transforms import Selection, Transform

if TYPE_CHECKING:
    from collections.abc import Iterable

    from preprocessing.encodings import Encoding
    from preprocessing.geometry.geometry import Geometry
    from preprocessing.media import Array, SourceKind, Spec
    from preprocessing.planner.plan import Plan
    from preprocessing.rng import Seed

# S3 takes 2 KB of metadata in all. Most geometries have 100 characters, and an area as many more; only
# a chain of warps has more than a few areas.
_LONGEST_GEOMETRY = 1000


class PipelineSpec:
    """The part of `Pipeline` that needs no source; see there for the parameters."""

    def __init__(
        self,
        steps: Iterable[Transform],
        encode: Encoding | None = None,
        *,
        exact: bool = False,
        kind: SourceKind | None = None,
        skip: bool = False,
    ) -> None:
        self._parsed = Parsed.of(steps, encode, exact=exact, kind=kind, skip=skip)
        try:
            self._specs = planning.infer(self.steps, self.encoding, DECODED[self.kind])
        except IncompatibleSource as error:
            raise SpecError(str(error), step=error.step) from None

    @classmethod
    def parse(cls, spec: str | Mapping[str, Any]) -> Self:
        """Parse any spelling: one line, a JSON or TOML document, or the mapping that it contains.

        Raises
        ------
        SpecError
            With the step, the argument, and the nearest valid name.
        """
        return cls._of(parse_spec(spec))

    @classmethod
    def _of(cls, parsed: Parsed) -> Self:
        return cls(
            parsed.steps,
            parsed.encoding,
            exact=parsed.exact,
            kind=parsed.kind,
            skip=parsed.skip,
        )

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
        """Whether rewrites that cost accuracy are disabled."""
        return self._parsed.exact

    @property
    def kind(self) -> SourceKind:
        """Kind of object that it reads."""
        return self._parsed.kind

    @property
    def skip(self) -> bool:
        """Whether objects of other kinds are returned unchanged."""
        return self._parsed.skip

    @property
    def document(self) -> dict[str, Any]:
        """The pipeline as a document of plain values, for JSON or TOML."""
        return write_document(self._parsed)

    @cached_property
    def fingerprint(self) -> str:
        """Identity of the result: 32 hexadecimal digits.

        A hash of the canonical line with all defaults, and of the numerics version: it changes whenever
        the bytes may.
        """
        text = f"{NUMERICS_VERSION}/{write_line(self._parsed, all_fields=True)}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    @property
    def output(self) -> OutputSpec:
        """Shape, type, size and content type of the result; None for what depends on the source."""
        spec, encoding = self._specs[-1], self.encoding
        shape, nbytes = encoding.shape(spec), encoding.nbytes(spec)
        if self.skip:  # objects of other kinds have other shapes
            shape, nbytes = (None,) * len(shape), None
        if isinstance(spec, AudioSpec) and spec.rate is None:
            nbytes = None  # so that HEAD reads the object and returns its rate, as GET does
        sections = encoding.shapes(spec) if isinstance(spec, SectionsSpec) else {}
        return OutputSpec(shape, spec.dtype, nbytes, encoding.content_type, sections)

    @property
    def result(self) -> Spec:
        """Spec of the last step's result; None for the sizes that depend on the source."""
        return self._specs[-1]

    def require_one_array(self) -> None:
        """Raise SpecError if the result is several arrays, of sections of views."""
        if isinstance(self.result, SectionsSpec):
            raise SpecError(
                f"the pipeline returns several arrays ({self.result}), which views(source) returns by "
                "key and encode(source) in one body"
            )

    @property
    def stacks(self) -> bool:
        """Whether the results of many sources fit into one body, as `Stack` makes it."""
        one = self.encoding.stacks and not isinstance(self.result, SectionsSpec)
        return one and None not in self.output.shape

    @cached_property
    def random(self) -> bool:
        """Whether the result depends on a seed."""
        return any(step.random for step in self.steps)

    @property
    def seeks(self) -> bool:
        """Whether it selects frames of a video, so that parts of the object may suffice."""
        return any(isinstance(step, Selection) for step in self.steps)

    def metadata(
        self,
        shape: tuple[int | None, ...],
        dtype: str,
        *,
        seed: int | Seed = 0,
        geometry: Geometry | None = None,
    ) -> dict[str, str]:
        """Return the metadata of a result of this shape, type and geometry."""
        found = {**self._common, "shape": ",".join(map(str, shape)), "dtype": dtype}
        found |= self._metadata_of(self._specs[-1])
        if self.random:
            found["seed"] = str(seed if isinstance(seed, int) else seed.number)
        if geometry is not None and len(text := str(geometry)) <= _LONGEST_GEOMETRY:
            found["geometry"] = text
        return found

    def planned_metadata(self, plan: Plan, array: Array, seed: int | Seed) -> dict[str, str]:
        """Return the metadata of a plan's result: an array with the axes of its spec."""
        shape = self.encoding.as_seen(array, plan.output).shape
        found = self.metadata(shape, plan.output.dtype, seed=seed, geometry=plan.geometry)
        return found | self._metadata_of(plan.output)

    def _metadata_of(self, output: Spec) -> dict[str, str]:
        """Return what the spec of a result adds to its metadata."""
        if isinstance(output, AudioSpec) and output.rate is not None:
            return {"rate": str(output.rate)}
        if isinstance(output, SectionsSpec):
            shapes = self.encoding.shapes(output).items()
            return {"shape": ";".join(f"{key}={','.join(map(str, of))}" for key, of in shapes)}
        return {}

    @property
    def _common(self) -> dict[str, str]:
        return {"pipeline": str(self), "fingerprint": self.fingerprint}

    def __reduce__(self) -> tuple[Any, ...]:
        if any(step.version is not None for step in self.steps):
            return (self._of, (self._parsed,))  # imports the modules of its steps
        return (type(self).parse, (str(self),))  # the spelling determines it

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PipelineSpec) and self._parsed == other._parsed

    def __hash__(self) -> int:
        return hash(self._parsed)

    @cached_property
    def _line(self) -> str:
        return write_line(self._parsed)  # cached: it is in the metadata of every result

    def __str__(self) -> str:
        """Return the canonical one-line spelling."""
        return self._line

    def __repr__(self) -> str:
        exact = ", exact=True" if self.exact else ""
        kind = f", kind={self.kind!r}" if self._parsed.bound else ""
        skip = ", skip=True" if self.skip else ""
        return f"Pipeline({list(self.steps)!r}, encode={self.encoding!r}{exact}{kind}{skip})"

    def _repr_html_(self) -> str:
        """Return a table of the steps and the spec after each, for notebooks."""
        from preprocessing.preview import steps_table  # noqa: PLC0415  for notebooks only

        names = ["decode", *map(repr, self.steps)]
        rows = list(zip(names, self._specs, strict=True))
        return steps_table(str(self), rows, repr(self.encoding), self.output)
