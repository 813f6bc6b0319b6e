"""Scaled decode keeps to what the plan states, whatever the picture, or does not happen."""

from __future__ import annotations

import io
import re
import struct

import numpy as np
import pytest
from PIL import Image

from preprocessing import Pipeline
from preprocessing.kernels.image.geometry.taps import Axis
from preprocessing.planner.rewrites import MARGIN, RULES
from tests.photos import NAMES, picture

from ..support.reference import weights

EXIF_ORIENTATION = 0x0112
SUBSAMPLING = {"4:4:4": 0, "4:2:2": 1, "4:2:0": 2}
RED = np.array([255, 0, 0], np.uint8)
CORNERS = np.array([[r, g, b] for r in (0, 255) for g in (0, 255) for b in (0, 255)])


def saved(image: np.ndarray | Image.Image, **options: object) -> bytes:
    stream = io.BytesIO()
    image = Image.fromarray(image) if isinstance(image, np.ndarray) else image
    image.save(stream, "JPEG", **{"quality": 95, **options})
    return stream.getvalue()


def compared(spec: str, data: bytes) -> tuple[float, float | None]:
    """How near the planned result is to the literal one, in dB; and what the plan states at least.

    The latter is None without scaled decode. Where luma is decoded alone, both errors add up.
    """
    one, other = (Pipeline.parse(f"{how}{spec}/npy:hwc")(data) for how in ("", "exact/"))
    error = np.mean((one.astype(np.float64) - other) ** 2)
    lossy = {
        rule.name: float(found[1])
        for rule in Pipeline.parse(spec).plan(data).rewrites
        if (found := re.match(r"at least (\d+) dB", rule.tolerance))
    }
    scaled = any(name.startswith("scaled") for name in lossy)
    stated = -20 * np.log10(sum(10 ** (-least / 20) for least in lossy.values())) if lossy else 0
    return float(10 * np.log10(255**2 / max(error, 1e-9))), stated if scaled else None


def pattern(random: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Stripes or checks of any frequency, direction and phase, of two colours."""
    y, x = np.mgrid[0:height, 0:width]
    down, across = random.uniform(0, 0.5, 2) * random.permutation([1, random.integers(0, 2)])
    if random.random() < 0.5:  # in step with the blocks
        down, across = round(48 * down) / 48, round(48 * across) / 48
    phase = random.uniform(0, 1)
    if random.random() < 0.25:
        mix = (np.floor(2 * (across * x + phase)) + np.floor(2 * down * y)) % 2
    else:
        mix = np.floor(2 * (across * x + down * y + phase)) % 2
    one, other = CORNERS[random.choice(8, 2, replace=False)]
    return (one + (other - one) * mix[..., None]).astype(np.uint8)


@pytest.mark.parametrize("filter_", ["bilinear", "bicubic", "lanczos"])
@pytest.mark.parametrize("sampling", [*SUBSAMPLING, "gray"])
def test_no_pattern_breaks_the_stated_tolerance(sampling: str, filter_: str) -> None:
    random = np.random.default_rng([len(sampling), len(filter_)])
    fired = 0
    for _ in range(25):
        height, width = random.integers(24, 240, 2) * random.choice([1, 8, 8, 8])
        height, width = min(height, 320), min(width, 320)
        image = Image.fromarray(pattern(random, height, width))
        options = {"quality": int(random.choice([40, 75, 95]))}
        if sampling == "gray":
            image = image.convert("L")
        else:
            options["subsampling"] = SUBSAMPLING[sampling]
        data = saved(image, **options)
        shrinks = random.choice([6, 6.2, 7, 8, 12, 12.1, 14, 16, 24])
        size = ",".join(str(max(1, int(side / shrinks))) for side in (height, width))
        steps = random.choice(["", "grayscale/"])
        reached, stated = compared(f"{steps}resize:{size},interpolation={filter_}", data)
        fired += stated is not None
        assert stated is None or reached >= stated
    assert fired > 0


@pytest.mark.parametrize("sampling", SUBSAMPLING)
def test_what_an_encoder_put_beyond_the_edge_does_not_show(sampling: str) -> None:
    """White, and black or red in what is left of the last blocks."""
    unit = 16 if sampling == "4:2:0" else 8
    fired = 0
    for lack, beyond in ((1, 0), (4, 0), (8, 0), (15, 0), (4, RED), (8, RED), (12, RED)):
        height, width = 320 - lack, 320
        # Blocks as many as the lesser height needs: a decoder would find more left over.
        canvas = np.zeros((-(-height // unit) * unit, width, 3), np.uint8) + np.uint8(beyond)
        canvas[:height] = 255
        data = bytearray(saved(canvas, subsampling=SUBSAMPLING[sampling]))
        frame = data.index(b"\xff\xc0")
        data[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
        for spec in ("resize:20,20", "grayscale/resize:20,20", "resize:26,26", "resize:40,40",
                     f"crop:{height % 8},0,{height - height % 8},{width}/resize:40,40"):  # fmt: skip
            one, other = (Pipeline.parse(f"{how}{spec}/npy:hwc")(bytes(data)).astype(int)
                          for how in ("", "exact/"))  # fmt: skip
            assert np.abs(one - other).max() <= 8, (lack, spec)
            fired += compared(spec, bytes(data))[1] is not None
    assert fired > 0


@pytest.mark.parametrize(
    ("orientation", "eighths"), [*((turn, 4) for turn in range(1, 9)), (1, 2), (7, 2)]
)
@pytest.mark.parametrize("name", NAMES)
def test_photographs_come_nearer(name: str, orientation: int, eighths: int) -> None:
    """Where the picture fills its blocks; at one half also those of its chroma by half."""
    whole, block = picture(name), 32 // eighths
    full = whole.crop((0, 0, whole.width // block * block, whole.height // block * block))
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = orientation
    data = saved(full, quality=90, exif=exif)
    # Exactly the margin: the least that the rule asks for.
    spec = f"resize:{min(full.size) * eighths // 8 // MARGIN}"
    assert f"{eighths}/8" in str(Pipeline.parse(spec).plan(data))
    reached, _ = compared(spec, data)
    assert reached >= (51 if eighths == 4 else 50)


@pytest.mark.parametrize("name", NAMES)
def test_crops_of_photographs_come_nearer(name: str) -> None:
    """Also at the crop's own edges, which fall between the scaled pixels."""
    whole = picture(name)
    side = min(whole.size) * 7 // 8
    crop = f"crop:{whole.height // 17},{whole.width // 19},{side},{side - 3}"
    reached, stated = compared(f"{crop}/resize:{side // 2 // MARGIN - 1}", saved(whole, quality=90))
    assert stated is not None
    assert reached >= 51


def test_colour_stored_more_coarsely_in_one_direction_is_decoded_in_full() -> None:
    """Stripes of red and cyan, of one luma: 4:2:2 would have half the margin."""
    stripes = np.arange(512) // 10 % 2 * np.ones((512, 1), int)
    image = np.stack([178 * stripes, 75 - 75 * stripes, 75 - 75 * stripes], -1).astype(np.uint8)
    assert compared("resize:42", saved(image, subsampling=1))[1] is None
    assert compared("grayscale/resize:42", saved(image, subsampling=1))[1] is not None


def dct(count: int) -> np.ndarray:
    """The orthonormal DCT-II: (frequencies, samples)."""
    k = np.arange(count)
    scale = np.sqrt(np.where(k == 0, 1, 2) / count)[:, None]
    return scale * np.cos((2 * k[None] + 1) * k[:, None] * np.pi / (2 * count))


@pytest.mark.parametrize("eighths", [2, 4])
@pytest.mark.parametrize("filter_", ["bilinear", "bicubic", "lanczos"])
@pytest.mark.parametrize("margin", [MARGIN, 2 * MARGIN])
def test_the_least_follows_from_the_operators(filter_: str, eighths: int, margin: float) -> None:
    """The norm of what separates the two, in two dimensions, by power iteration."""
    side, scaled = 96, 96 * eighths // 8
    size = int(scaled / margin)
    truncation = np.sqrt(eighths / 8) * dct(eighths).T @ dct(8)[:eighths]
    full, less = (
        weights(Axis(n, size, 0.0, float(n), 0, size, filter_, True)) for n in (side, scaled)
    )
    less = less @ np.kron(np.eye(side // 8), truncation)
    np.testing.assert_allclose(less.sum(1), 1)
    x = np.random.default_rng(0).standard_normal((side, side))
    for _ in range(40):
        x /= np.linalg.norm(x)
        y = full @ x @ full.T - less @ x @ less.T
        x = full.T @ y @ full - less.T @ y @ less
    worst = 127.5 * np.sqrt(np.linalg.norm(x)) * side / size
    assert 20 * np.log10(255 / worst) >= 23


def test_every_scaling_rule_states_a_least_and_what_photographs_reach() -> None:
    for rule in RULES:
        if rule.name.startswith("scaled"):
            assert re.match(r"at least \d+ dB.*50 dB on photographs", rule.tolerance)
