"""How a step that is not part of the library is planned and run, and its word checked."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing.cancellation import interruptible
from preprocessing.errors import (
    IncompatibleSource,
    LimitExceeded,
    SourceError,
    SpecError,
    StepFailed,
)
from preprocessing.frozen import frozen
from preprocessing.geometry.matrices import IDENTITY
from preprocessing.limits import frame, nbytes
from preprocessing.media import (
    AudioSpec,
    ImageSpec,
    SpectrogramSpec,
    TextSpec,
    TokensSpec,
    VideoSpec,
    known,
)
from preprocessing.names import as_text
from preprocessing.planner.stages import Compute, KernelStage, Stage
from preprocessing.spec.kinds import DECODED
from preprocessing.spec.step import hints
from preprocessing.transforms._base import FixedTransform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from preprocessing.media import Array, Spec
    from preprocessing.own_steps.step import Step
    from preprocessing.rng import Draws

_IMAGE_TYPES = ("uint8", "uint16", "float16", "float32")
SPECS: dict[str, Any] = {
    kind.kind: kind for kind in (ImageSpec, AudioSpec, TextSpec, SpectrogramSpec, TokensSpec)
}
# What a step may raise on purpose. A server answers each with a code of its own.
_MEANT = (SourceError, IncompatibleSource, LimitExceeded, SpecError, StepFailed)
_LONGEST = 300  # characters of a foreign message, which becomes part of an HTTP response


def describe_step(step: Step | type[Step]) -> str:
    """Return how messages name a step and its module."""
    kind = step if isinstance(step, type) else type(step)
    return f"the step {kind.name!r} ({kind.__module__}.{kind.__qualname__})"


@contextmanager
def blaming(step: Step) -> Iterator[None]:
    """Turn what a step's own code raises into an error that names the step, its module and the line.

    The library's errors pass, and so does MemoryError, which is not the step's fault alone.

    Raises
    ------
    StepFailed
    """
    try:
        yield
    except (*_MEANT, MemoryError):
        raise
    except Exception as error:
        raise StepFailed(
            f"{describe_step(step)} raised {type(error).__name__}{_text_of(error)}"
            f"{_line_in(step, error)}; correct the step: preprocessing.testing.check_step tries it"
        ) from error


def _text_of(error: Exception) -> str:
    try:
        text = as_text(" ".join(str(error).split()))
    except Exception:  # its own __str__ may be what is wrong
        return ""
    return f": {text if len(text) <= _LONGEST else f'{text[:_LONGEST]}...'}" if text else ""


def _line_in(step: Step, error: Exception) -> str:
    """Return the line of the step's module at which it failed, the innermost one."""
    file = getattr(sys.modules.get(type(step).__module__), "__file__", None)
    trace, line = error.__traceback__, None
    while file is not None and trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return "" if line is None else f" at line {line} of its module"


def infer_result(step: Step, spec: Any) -> Any:
    """Return the spec of a step's result, with the number of frames of a video.

    Raises
    ------
    IncompatibleSource
        If the step does not take the type of the samples.
    StepFailed
        If `result` returns something other than a spec of the promised kind.
    """
    before = frame(spec)
    _require_dtype(step, before)
    with blaming(step):
        after = step.result(before)
    kind = SPECS[step.output_kind or before.kind]
    if type(after) is not kind or not _is_valid(after):
        hint = "; a size of the input may be None, and then one of the result may be" * (
            None in before.shape
        )
        raise StepFailed(
            f"{describe_step(step)}: its `result` must return a valid {kind.__name__}, got "
            f"{as_text(repr(after))[:_LONGEST]}{hint}"
        )
    if isinstance(spec, VideoSpec):
        return VideoSpec(after.height, after.width, after.channels, after.dtype, spec.frames)
    return after


def _require_dtype(step: Step, spec: Any) -> None:
    takes = step.dtypes or (DECODED["image"].dtype,)
    if spec.kind == "image" and spec.dtype not in takes:
        raise IncompatibleSource(
            f"takes {' or '.join(takes)}, but is given {spec.dtype}; put to_dtype before it, or "
            f"move it; if it can take {spec.dtype}, name that in `dtypes` in its class"
        )


def _is_valid(spec: Any) -> bool:
    sides = all(side is None or (type(side) is int and side >= 0) for side in spec.shape)
    types = _IMAGE_TYPES if isinstance(spec, ImageSpec) else (SPECS[spec.kind].dtype,)
    return sides and spec.dtype in types


@frozen
class Applied(FixedTransform):
    """A step with its random numbers: what the planner lowers.

    Parameters
    ----------
    step : Step
    draws : Draws
        The stream that each call begins anew, so that all frames of a video are treated alike.
    """

    step: Step
    draws: Draws

    def __post_init__(self) -> None:
        """Leave the fields as they are: they have no spelling."""

    def infer(self, spec: Any) -> Any:
        """Return the spec of the step's result."""
        return self.step.infer(spec)

    def lower(self, spec: Any) -> tuple[Stage, ...]:
        """Return the stage that calls the step."""
        after = self.infer(spec)
        arguments = tuple(getattr(self.step, name) for name in hints(type(self.step)))
        call = StepCall(self.step, self.draws, frame(after))
        if not isinstance(after, ImageSpec):
            return (Compute(call, arguments, after),)
        if known((after.height, after.width)) is None:
            raise StepFailed(
                f"{describe_step(self.step)}: its `result` must know the size of the result of "
                f"{frame(spec)}, got {frame(after)}"
            )
        moves = IDENTITY if self.step.keeps_places else None
        return (KernelStage(call, arguments, after, moves),)


@frozen
class StepCall:
    """The kernel of a step: calls `apply` and checks what it returns.

    Parameters
    ----------
    step : Step
    draws : Draws
    result : Spec
        What the step promised.
    """

    step: Step
    draws: Draws
    result: Spec

    @property
    def __name__(self) -> str:
        return self.step.name

    def between(self, before: Spec, *_: object) -> int:
        """Return the bytes of temporaries, and of a copy of the input in C order."""
        with blaming(self.step):
            own = int(self.step.temporaries(before))
        return own + (0 if self.step.strided else nbytes(before))

    def __call__(self, array: Array, *_: object) -> Array:
        """Return the step's result for one array.

        Raises
        ------
        StepFailed, SourceError, IncompatibleSource, LimitExceeded
        """
        given = (array if self.step.strided else np.ascontiguousarray(array)).view()
        given.flags.writeable = False
        try:
            with blaming(self.step), interruptible():
                result = self.step.apply(given, self.draws.fork(0))
        except (SourceError, IncompatibleSource, LimitExceeded) as error:
            raise _renamed(error, describe_step(self.step)) from error
        return require_promised(self.step, result, self.result)


def _renamed(error: Exception, where: str) -> Exception:
    try:
        return type(error)(f"{where}: {error}")
    except Exception:  # a subclass with other arguments
        return error


def require_promised(step: Step, result: object, promised: Spec) -> Array:
    """Return what a step returned, if it has the promised shape and type.

    Raises
    ------
    StepFailed
    """
    if not isinstance(result, np.ndarray):
        raise StepFailed(
            f"{describe_step(step)} returned a {type(result).__name__}; it must return a NumPy array"
        )
    text = promised.dtype == "str"
    dtype = np.dtype(object if text else promised.dtype)
    fits = len(result.shape) == len(promised.shape) and all(
        side in (None, given) for side, given in zip(promised.shape, result.shape, strict=True)
    )
    if not fits or result.dtype != dtype:
        sides = "×".join("?" if side is None else str(side) for side in promised.shape)
        raise StepFailed(
            f"{describe_step(step)} returned {'×'.join(map(str, result.shape))} {result.dtype}, but "
            f"promised {sides} {dtype}; let `apply` return that, or state in `result` what it returns"
        )
    if text and not all(isinstance(item, str) for item in result):
        raise StepFailed(f"{describe_step(step)} returned items that are not `str`")
    return np.asarray(result)
