"""`check_step`: whether a step of your own keeps its promises."""

from __future__ import annotations

import pickle
import random
import tracemalloc
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing.errors import IncompatibleSource, PreprocessingError, StepFailed
from preprocessing.own_steps.calls import Applied, describe_step, require_promised
from preprocessing.own_steps.step import Step
from preprocessing.rng import Draws
from preprocessing.spec.line import bind, parse_step, write_step
from preprocessing.testing.inputs import arrays_of, layouts_of, spec_of
from preprocessing.transforms import TRANSFORMS

if TYPE_CHECKING:
    from preprocessing.media import Array, Spec

_SEEDS = 4
# Small objects, and buffers of a fixed size.
_SLACK_BYTES = 2 * 2**20


class _Watched(Draws):
    """A stream that knows whether it was used."""

    used = False

    def _word(self) -> int:
        self.used = True
        return super()._word()

    def fork(self, index: int) -> Draws:
        self.used = True
        return super().fork(index)


def check_step(step: Step, inputs: Iterable[Array] = ()) -> None:
    """Try a step, and raise AssertionError with the first promise that it breaks.

    Checked are the shape and dtype of the result, also where sizes are not known yet; that equal inputs
    and seeds give equal results, also in two threads at once, after pickling, and whatever the state of
    the generators of `random` and `numpy.random`, which must stay as they are; that the input is not
    written to and an earlier result not changed; that a random step draws; that a `strided` step gives
    the same result for any memory layout; and that the memory that NumPy allocates is within
    `temporaries`. What other libraries allocate is not seen.

    Parameters
    ----------
    step : Step
        With the arguments to try. Call this once for each set of arguments that matters.
    inputs : iterable of ndarray, optional
        Arrays of the first of its `input_kinds`. The default are a few arrays of random samples, of each
        kind and dtype that it takes. The step may refuse some, by IncompatibleSource.

    Raises
    ------
    AssertionError
        The message names the step, the promise and the input.

    Examples
    --------
    In a test, for a step of the module ``my_steps``::

        def test_film_grain_keeps_its_promises():
            check_step(my_steps.FilmGrain(strength=20))
    """
    given = list(inputs)
    # A step is applied to frames of a video as it is to images.
    kinds = dict.fromkeys("image" if kind == "video" else kind for kind in step.input_kinds)
    _check_spelling(step)
    taken, drew = 0, False
    for kind in list(kinds)[:1] if given else kinds:
        for array in given or arrays_of(step, kind):
            spec = spec_of(array, kind)
            trial = _Trial(step, np.ascontiguousarray(array), spec)
            if not trial.is_taken():
                continue
            taken += 1
            drew |= trial.check()
    name = describe_step(step)
    if not taken:
        raise AssertionError(f"{name} refused every input; pass `inputs` that it takes")
    if step.random and not drew:
        raise AssertionError(f"{name} draws no random number; write random = False in its class")


def _check_spelling(step: Step) -> None:
    name = describe_step(step)
    cls: Any = type(step)
    if step.name not in TRANSFORMS or TRANSFORMS[step.name] is not cls:
        raise AssertionError(
            f"{name} is not the class that its name stands for; it was defined again"
        )
    again = TRANSFORMS.build(step.name, bind(parse_step(write_step(step)), cls))
    if again != step:
        raise AssertionError(f"{name} is not the same after it is written and parsed: {again!r}")


class _Trial:
    """One step and one input.

    Parameters
    ----------
    step : Step
    array : ndarray
        In C order.
    spec : Spec
    """

    def __init__(self, step: Step, array: Array, spec: Spec) -> None:
        self.step = step
        self.array = array
        self.spec = spec

    def broken(self, promise: str) -> AssertionError:
        """Return the error for a broken promise."""
        return AssertionError(f"{describe_step(self.step)} {promise}; the input was {self.spec}")

    def is_taken(self) -> bool:
        """Return whether the step takes the input; check what it says about the result."""
        try:
            after = self.step.infer(self.spec)
            Applied(self.step, Draws(b"")).lower(self.spec)
        except IncompatibleSource:
            return False
        except PreprocessingError as error:
            raise self.broken(f"cannot be planned: {error}") from error
        try:
            early = self.step.infer(_unknown(self.spec))
        except IncompatibleSource:
            return True
        except PreprocessingError as error:
            raise self.broken(f"cannot be planned where sizes are unknown: {error}") from error
        pairs = zip(early.shape, after.shape, strict=True)
        if early.dtype != after.dtype or any(one not in (None, other) for one, other in pairs):
            raise self.broken(
                f"promises {early} where sizes are unknown, but {after} where they are"
            )
        return True

    def check(self) -> bool:
        """Check all that needs samples, and return whether the step drew a random number."""
        before = _shared_state()
        first = [self.run(seed) for seed in range(_SEEDS)]
        for what, state in _shared_state().items():
            if state != before[what]:
                raise self.broken(f"changes {what}, which other code shares")
        if any(result is None for result, _ in first):
            return True  # a refusal that depends on the samples
        results = [result for result, _ in first if result is not None]
        kept = [result.copy() for result in results]
        self._check_repeats(kept)
        for result, copy in zip(results, kept, strict=True):
            if not _is_same(result, copy):
                raise self.broken("changed a result that it had returned before")
        self._check_pickled(kept[0])
        self._check_threads(kept)
        self._check_layouts(kept[0])
        self._check_memory()
        return any(drew for _, drew in first)

    def run(
        self, seed: int, array: Array | None = None, step: Step | None = None
    ) -> tuple[Array | None, bool]:
        """Return the result, None if the step refused the samples, and whether it drew a number."""
        step = step or self.step
        given = self.array.copy() if array is None else array
        before = given.copy()
        draws = _Watched(seed.to_bytes(8, "big") if step.random else b"")
        try:
            result = require_promised(step, step.apply(given, draws), step.infer(self.spec))
        except IncompatibleSource:
            return None, draws.used
        except StepFailed as error:
            raise self.broken(f"broke its word: {error}") from error
        except Exception as error:
            raise self.broken(f"raised {type(error).__name__}: {error}") from error
        if not _is_same(given, before):
            raise self.broken("wrote to its input; copy the array first")
        return result, draws.used

    def same(self, result: Array | None, expected: Array, where: str) -> None:
        """Raise AssertionError unless a result is the expected one."""
        if result is None or not _is_same(result, expected):
            raise self.broken(f"gave another result {where}")

    def _check_repeats(self, expected: list[Array]) -> None:
        states = random.getstate(), np.random.get_state()
        random.seed(0)
        np.random.seed(0)
        try:
            for seed, result in enumerate(expected):
                self.same(self.run(seed)[0], result, "for the same seed when it was called again")
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])

    def _check_pickled(self, expected: Array) -> None:
        try:
            step = pickle.loads(pickle.dumps(self.step))  # noqa: S301  written here
        except Exception as error:
            raise self.broken(
                f"cannot be pickled, as its class is not at the top of a module, or: {error}"
            ) from error
        if step != self.step:
            raise self.broken("is not equal to its pickled copy")
        self.same(self.run(0, step=step)[0], expected, "after pickling")

    def _check_threads(self, expected: list[Array]) -> None:
        barrier = Barrier(2)

        def run(offset: int) -> list[Array | None]:
            barrier.wait()
            return [self.run((offset + i) % _SEEDS)[0] for i in range(2 * _SEEDS)]

        with ThreadPoolExecutor(2) as pool:
            for offset, results in enumerate(pool.map(run, range(2))):
                for i, result in enumerate(results):
                    self.same(result, expected[(offset + i) % _SEEDS], "in two threads at once")

    def _check_layouts(self, expected: Array) -> None:
        if self.step.strided:
            for name, array in layouts_of(self.array):
                self.same(self.run(0, array)[0], expected, f"for an array {name}")

    def _check_memory(self) -> None:
        stated = self.step.temporaries(self.spec)
        given, draws = self.array.copy(), Draws(b"")
        peak, result = _peak(lambda: self.step.apply(given, draws))
        if peak > stated + result.nbytes + _SLACK_BYTES:
            raise self.broken(
                f"allocated {peak - result.nbytes:,} bytes besides its result, more than the "
                f"{stated:,} of its `temporaries`"
            )


def _peak(call: Callable[[], Array]) -> tuple[int, Array]:
    """Return the most bytes that were allocated at once during a call, and its result."""
    tracing = tracemalloc.is_tracing()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        result = call()
        return tracemalloc.get_traced_memory()[1] - before, result
    finally:
        if not tracing:
            tracemalloc.stop()


def _unknown(spec: Any) -> Any:
    """Return a spec as it is before an object is read: without sizes."""
    names = (
        "height",
        "width",
        "channels",
        "samples",
        "rate",
        "bins",
        "frames",
        "documents",
        "length",
    )
    keep = {"channels"} if spec.kind == "image" else set()
    return replace(spec, **{n: None for n in names if n in vars(spec) and n not in keep})


def _is_same(one: Array, other: Array) -> bool:
    if one.dtype == object:
        return bool(one.tolist() == other.tolist())
    return one.shape == other.shape and one.tobytes() == other.tobytes()


def _shared_state() -> dict[str, object]:
    """Return what a process has once, by name, in a form that can be compared."""
    name, keys, *rest = np.random.get_state()
    return {
        "the generator of `random`": random.getstate(),
        "the generator of `numpy.random`": (name, np.asarray(keys).tobytes(), *rest),
        "how NumPy treats errors (`numpy.seterr`)": np.geterr(),
    }
