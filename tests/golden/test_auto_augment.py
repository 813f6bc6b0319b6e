"""TrivialAugmentWide and RandAugment do what torchvision's do; see `make_auto_augment.py`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from preprocessing import ImageSpec, Pipeline, RandAugment, Seed, TrivialAugmentWide
from preprocessing.rng import Draws
from preprocessing.transforms.image import auto_augment

with np.load(Path(__file__).with_name("auto_augment.npz")) as stored:
    GOLDENS = dict(stored)
SPACES = {
    "trivial_augment_wide": auto_augment.trivial_space,
    "rand_augment": auto_augment.rand_space,
}
PICTURE = GOLDENS["picture"]
SPEC = ImageSpec(*PICTURE.shape, "uint8")
KEYS = [key.split(" ") for key in GOLDENS if key not in ("made by", "picture")]
TABLES = [key for key in KEYS if len(key) == 2]
RESULTS = [key for key in KEYS if len(key) == 4]


@pytest.mark.parametrize(("policy", "name"), TABLES)
def test_strengths_are_torchvisions(policy: str, name: str) -> None:
    expected = GOLDENS[f"{policy} {name}"]
    strongest = SPACES[policy](SPEC)[name]
    if strongest is None:
        assert not expected.size
        return
    ours = [auto_augment.strength(strongest, name, number, 31) for number in range(31)]
    np.testing.assert_allclose(ours, expected, rtol=1e-6, atol=1e-6)


def test_the_operations_are_torchvisions() -> None:
    for policy, space in SPACES.items():
        assert [name for p, name in TABLES if p == policy] == list(space(SPEC))


@pytest.mark.parametrize(("policy", "name", "number", "sign"), RESULTS)
def test_an_operation_gives_what_torchvisions_gives(
    policy: str, name: str, number: str, sign: str
) -> None:
    """But where a warped pixel comes from a place halfway between two, which either may take."""
    expected = GOLDENS[f"{policy} {name} {number} {sign}"].transpose(1, 2, 0)
    by = auto_augment.strength(SPACES[policy](SPEC)[name], name, int(number), 31) * int(sign)
    made = auto_augment.operation(auto_augment.AugmentationInput(SPEC, "nearest", 0.0), name, by)
    steps = [] if made is None else [made]
    result = Pipeline(steps, Pipeline.parse("npy:layout=hwc").encoding)(PICTURE)
    off = np.abs(result.astype(int) - expected.astype(int)) > 1
    ties = 0.02 if name.startswith(("Shear", "Rotate")) else 0.0
    assert off.any(axis=2).mean() <= ties


def test_every_operation_is_drawn_as_often_with_either_sign() -> None:
    drawn: Counter[str] = Counter()
    for number in range(2800):
        draws = Draws.of("", Seed(number))
        drawn.update(type(step).__name__ for step in TrivialAugmentWide().choose(SPEC, draws))
    # Five operations are an `Affine`; of fourteen one is nothing.
    assert all(
        abs(count - 200 * (4 if name == "Affine" else 1)) < 80 for name, count in drawn.items()
    )
    assert len(drawn) == 10
    factors = [
        step.angle
        for number in range(800)
        for step in RandAugment(3).choose(SPEC, Draws.of("", Seed(number)))
        if type(step).__name__ == "Rotate"
    ]
    assert set(factors) == {9.0, -9.0}
