"""``values``: what is under the cursor is what the array has there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from jitprep.playground.asks import AskRefused
from jitprep.playground.desk import RGBA, Asset
from jitprep.playground.drawing.images import draw_image
from preprocessing import Pipeline
from tests.photos import photo

from ..opened import Opened

LINES = [
    "resize:20/normalize:imagenet/npy",
    "resize:20/to_dtype:float16,scale=true/npy",
    "to_lab/npy",
]


@pytest.mark.parametrize("line", LINES)
def test_values_are_those_of_the_result(line: str) -> None:
    opened = Opened()
    (frame,) = opened.look(photo("coffee"), line)["after"]["frames"]
    result = Pipeline.parse(line)(photo("coffee"))
    for x, y in ((0, 0), (frame["width"] - 1, 3), (7, frame["height"] - 1)):
        found = opened.ask("values", {"asset": frame["asset"], "x": x, "y": y})
        assert found["dtype"] == result.dtype.name
        np.testing.assert_array_equal(np.array(found["values"], result.dtype), result[:, y, x])


@given(
    st.sampled_from(["f2", "f4", "u1", "u2", "i4"]).flatmap(
        lambda dtype: hnp.arrays(dtype, (1, 1, 3))
    )
)
def test_any_value_is_json_from_which_it_can_be_read(array: np.ndarray) -> None:
    opened = Opened()
    asset = opened.playground.desk.put(Asset(b"", RGBA, 1, 1, array))
    values = opened.ask("values", {"asset": asset, "x": 0, "y": 0})["values"]
    np.testing.assert_array_equal([array.dtype.type(value) for value in values], array[0, 0])


@pytest.mark.parametrize(
    "wrong",
    [{"x": -1}, {"x": 600}, {"y": 400}, {"y": 1.5}, {"x": True}, {"asset": "none"}, {"asset": 3}],
)
def test_what_is_not_there_is_refused(wrong: dict) -> None:
    opened = Opened()
    (frame,) = opened.look(photo("coffee"), "npy")["before"]["frames"]
    with pytest.raises(AskRefused):
        opened.ask("values", {"asset": frame["asset"], "x": 0, "y": 0, **wrong})


def test_the_values_of_a_huge_picture_are_not_kept() -> None:
    opened = Opened()
    frame = draw_image(opened.playground.desk, np.zeros((3000, 3000, 3), np.float32)).frames[0]
    with pytest.raises(AskRefused, match="not kept"):
        opened.ask("values", {"asset": frame.asset, "x": 0, "y": 0})
