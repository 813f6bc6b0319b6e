"""What libjpeg keeps of a JPEG of several scans, told by its segments."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from preprocessing import Pipeline
from preprocessing.decode.scans import coefficients


@pytest.mark.parametrize(
    ("mode", "how", "samples"),
    [
        ("RGB", {}, 0),
        ("L", {}, 0),
        ("RGB", {"progressive": True}, 640 * 480 * 3 // 2),
        ("RGB", {"progressive": True, "subsampling": 0}, 640 * 480 * 3),
        ("L", {"progressive": True}, 640 * 480),
        ("CMYK", {"progressive": True}, 640 * 480 * 4),
    ],
)
def test_coefficients_are_kept_until_the_last_scan(
    mode: str, how: dict[str, int], samples: int
) -> None:
    file = io.BytesIO()
    Image.new(mode, (640, 480)).save(file, "JPEG", **how)
    data = file.getvalue()
    assert coefficients(data) == 2 * samples
    assert Pipeline([]).plan(data).source.holds() >= 640 * 480 * 3 + 2 * samples


def test_whatever_the_bytes_it_is_a_number() -> None:
    file = io.BytesIO()
    Image.new("RGB", (64, 48)).save(file, "JPEG", progressive=True)
    data = file.getvalue()
    for end in range(len(data)):
        assert 0 <= coefficients(data[:end]) <= 2 * 65_536**2 * 4
    assert coefficients(b"\xff\xd8" + b"\xff" * 1000) == 0
