"""`check_step` passes an honest step, and catches each kind of liar."""

from __future__ import annotations

import random
import threading
from dataclasses import replace

import numpy as np
import pytest

import preprocessing
from preprocessing import IncompatibleSource
from preprocessing.own_steps.definition import REGISTERED
from preprocessing.testing import check_step

from ..own_steps.steps import Doubled, Envelope, FilmGrain, Shout, Solarise2

NOISE = np.random.default_rng(5)


class Honest(preprocessing.Step):
    """Base of the liars; each changes one thing."""

    version = 1
    random = False

    def apply(self, image, rng):
        return 255 - image


@pytest.mark.parametrize(
    "step",
    [Honest(), Solarise2(7, "red"), FilmGrain(9), Doubled(), Envelope(50), Shout()],
    ids=repr,
)
def test_an_honest_step_passes(step: preprocessing.Step) -> None:
    check_step(step)


class Writes(Honest):
    def apply(self, image, rng):
        image[:1] = 0
        return image.copy()


class OfAnotherShape(Honest):
    def apply(self, image, rng):
        return image[:, :1]


class OfAnotherType(Honest):
    def apply(self, image, rng):
        return image / 255


class AnotherPromiseOnceSizesAreKnown(Honest):
    def result(self, spec):
        return spec if spec.height is None else replace(spec, dtype="float32")

    def apply(self, image, rng):
        return image.astype(np.float32)


class NotWithoutSizes(Honest):
    def result(self, spec):
        return replace(spec, height=spec.height * 1)


class Counts(Honest):
    seen: int = 0
    calls = []  # noqa: RUF012

    def apply(self, image, rng):
        self.calls.append(1)
        return image + np.uint8(len(self.calls) % 3)


class DrawsElsewhere(Honest):
    def apply(self, image, rng):
        return image + NOISE.integers(0, 9, image.shape, np.uint8)


class DrawsFromNumpy(Honest):
    def apply(self, image, rng):
        return image + np.uint8(np.random.randint(0, 255))


class DrawsFromRandom(Honest):
    def apply(self, image, rng):
        return image + np.uint8(random.randrange(255))


class Seeds(Honest):
    def apply(self, image, rng):
        np.random.seed(1)
        return image + np.uint8(np.random.randint(0, 255))


class LooksAtGlobalGenerator(Honest):
    def apply(self, image, rng):
        return image + np.uint8(np.random.get_state()[1][0] % 251)


class SetsErrors(Honest):
    def apply(self, image, rng):
        np.seterr(over="ignore")
        return 255 - image


class ReusesWithDraws(Honest):
    random = True
    buffers = {}  # noqa: RUF012

    def apply(self, image, rng):
        buffer = self.buffers.setdefault(image.shape, np.empty_like(image))
        buffer[:] = rng.integer(0, 255)
        return buffer


class NotInThreads(Honest):
    main = threading.get_ident()

    def apply(self, image, rng):
        return image if threading.get_ident() == self.main else 255 - image


class NotAfterPickling(Honest):
    copied = False

    def apply(self, image, rng):
        return image if self.copied else 255 - image

    def __reduce__(self):
        return (_copied, ())


def _copied() -> preprocessing.Step:
    NotAfterPickling.copied = True
    return NotAfterPickling()


class NotPickled(Honest):
    def __reduce__(self):
        raise TypeError("cannot pickle a model")


class NeverDraws(Honest):
    random = True


class OneLayoutOnly(Honest):
    strided = True

    def apply(self, image, rng):
        return np.frombuffer(image.tobytes(order="A"), image.dtype).reshape(image.shape)


class TakesMore(Honest):
    def temporaries(self, spec):
        return 0

    def apply(self, image, rng):
        wide = np.repeat(image.astype(np.float64), 10, axis=0)
        return image + np.uint8(wide.sum() % 2)


class Raises(Honest):
    def apply(self, image, rng):
        return {}[image.shape]


class Refuses(Honest):
    def result(self, spec):
        raise IncompatibleSource("none is good")


class Large(Honest):
    def result(self, spec):
        if spec.height is not None and spec.height < 600:
            raise IncompatibleSource("too small")
        return spec


@pytest.mark.parametrize(
    ("liar", "words"),
    [
        (Writes, "wrote to its input; copy the array first"),
        (OfAnotherShape, "returned .*, but promised"),
        (OfAnotherType, "returned .* float64, but promised .* uint8"),
        (AnotherPromiseOnceSizesAreKnown, "promises .* where sizes are unknown, but"),
        (NotWithoutSizes, "cannot be planned where sizes are unknown: .* raised TypeError"),
        (Counts, "gave another result"),
        (DrawsElsewhere, "gave another result for the same seed"),
        (DrawsFromNumpy, r"changes the generator of `numpy\.random`"),
        (DrawsFromRandom, "changes the generator of `random`"),
        (Seeds, r"changes the generator of `numpy\.random`"),
        (LooksAtGlobalGenerator, "gave another result for the same seed"),
        (SetsErrors, "changes how NumPy treats errors"),
        (ReusesWithDraws, "gave another result"),
        (NotInThreads, "gave another result in two threads at once"),
        (NotAfterPickling, "gave another result after pickling"),
        (NotPickled, "cannot be pickled, .*: cannot pickle a model"),
        (NeverDraws, "draws no random number; write random = False"),
        (OneLayoutOnly, "gave another result for an array in Fortran order"),
        (TakesMore, "allocated .* bytes besides its result, more than the 0"),
        (Raises, r"raised KeyError: \(1, 1, 3\)"),
        (Refuses, "refused every input; pass `inputs` that it takes"),
    ],
)
def test_a_liar_is_caught(liar: type[preprocessing.Step], words: str) -> None:
    numpy_errors = np.geterr()
    try:
        with pytest.raises(AssertionError, match=words) as caught:
            check_step(liar())
    finally:
        np.seterr(**numpy_errors)
    assert f"the step {liar.name!r} ({__name__}.{liar.__qualname__})" in str(caught.value)


def test_inputs_of_ones_own_are_tried() -> None:
    with pytest.raises(AssertionError, match="refused every input"):
        check_step(Large())
    check_step(Large(), [np.zeros((600, 2, 3), np.uint8)])


def test_a_class_that_was_defined_again_is_said() -> None:
    first, second = (type("Own", (Honest,), {}) for _ in range(2))
    with pytest.raises(AssertionError, match="is not the class that its name stands for"):
        check_step(first())
    assert REGISTERED["own"] is second


def test_the_state_of_the_generators_is_as_it_was() -> None:
    before = random.getstate(), np.random.get_state()[1].tolist(), np.random.get_state()[2:]
    check_step(FilmGrain(1))
    assert (
        random.getstate(),
        np.random.get_state()[1].tolist(),
        np.random.get_state()[2:],
    ) == before
