"""``draws``: each is what ``look`` shows for its seed."""

from __future__ import annotations

import numpy as np
import pytest

from jitprep.playground.asks import AskRefused
from preprocessing.rng import LARGEST_SEED
from tests.photos import photo

from ..opened import Opened

LINE = "random_resized_crop:64/random_horizontal_flip/color_jitter:0.4,0.4/normalize:imagenet/npy"


def test_twelve_draws_are_twelve_looks() -> None:
    opened = Opened()
    asked = {"source": opened.drop(photo("coffee")), "pipeline": LINE, "first": 5, "count": 12}
    draws = opened.ask("draws", asked)["draws"]
    assert [draw["seed"] for draw in draws] == list(range(5, 17))
    seen = set()
    for draw in draws:
        after = opened.ask("look", {**asked, "seed": draw["seed"]})["after"]
        one, other = (view["frames"][0] for view in (draw["view"], after))
        np.testing.assert_array_equal(opened.pixels(one), opened.pixels(other))
        np.testing.assert_array_equal(opened.array(one), opened.array(other))
        assert draw["view"]["how"] == after["how"]
        seen.add(opened.pixels(one).tobytes())
    assert len(seen) == 12


def test_seeds_end_with_the_largest() -> None:
    opened = Opened()
    asked = {"source": opened.drop(photo("coffee")), "pipeline": LINE, "first": LARGEST_SEED - 1}
    draws = opened.ask("draws", asked)["draws"]
    assert [draw["seed"] for draw in draws] == [LARGEST_SEED - 1, LARGEST_SEED]


@pytest.mark.parametrize("wrong", [{"count": 0}, {"count": 13}, {"count": "3"}, {"first": -1}])
def test_what_is_asked_is_checked(wrong: dict) -> None:
    opened = Opened()
    asked = {"source": opened.drop(photo("coffee")), "pipeline": LINE, **wrong}
    with pytest.raises(AskRefused):
        opened.ask("draws", asked)
