"""What torchvision lacks equals scikit-image, called directly, within what each docstring promises."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.color import hsv2rgb, lab2rgb, rgb2hsv, rgb2lab, rgb2ycbcr, ycbcr2rgb
from skimage.color.adapt_rgb import adapt_rgb, hsv_value
from skimage.exposure import equalize_adapthist, equalize_hist
from skimage.feature import canny, hog
from skimage.filters import sobel, unsharp_mask
from skimage.restoration import denoise_bilateral, denoise_tv_chambolle
from skimage.util import img_as_float64

from preprocessing import (
    CLAHE,
    HOG,
    DenoiseBilateral,
    EqualizeHist,
    ImageSpec,
    IncompatibleSource,
    Pipeline,
    SpecError,
    Transform,
)
from tests.photos import picture

from ...strategies import images, scikit

PHOTO = np.asarray(picture("astronaut"))[20:140, 150:310]
GRAY = PHOTO[..., 1:2]
DTYPES = ("uint8", "uint16", "float16", "float32")


def of_type(photo: np.ndarray, dtype: str) -> np.ndarray:
    if dtype == "uint16":
        return photo.astype(np.uint16) * 257
    return photo if dtype == "uint8" else (photo / 255).astype(dtype)


def run(spec: str, image: np.ndarray) -> np.ndarray:
    """(H, W, C), of gray too."""
    return Pipeline.parse(spec)(image).transpose(1, 2, 0)


def luma(image: np.ndarray) -> np.ndarray:
    return run("grayscale", image)[..., 0]


def planes(of_plane: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    return lambda image: np.stack([of_plane(plane) for plane in image.transpose(2, 0, 1)], -1)


def brightness(of_plane: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    def call(image: np.ndarray) -> np.ndarray:
        if image.shape[2] == 1:
            return of_plane(image[..., 0])[..., np.newaxis]
        return adapt_rgb(hsv_value)(of_plane)(image)

    return call


def equalized(image: np.ndarray) -> np.ndarray:
    """Hue and saturation kept by way of HSV; V equalised in the image's own type, bins and all."""
    value = equalize_hist(image.max(axis=2))
    if image.shape[2] == 1:
        return value[..., np.newaxis]
    hsv = rgb2hsv(image)
    hsv[..., 2] = value
    return hsv2rgb(hsv)


# The step, what scikit-image does to samples in [0, 1], and how far the two may be apart for uint8, in
# levels, and for float32.
KEEPING_TYPE = [
    ("clahe", brightness(equalize_adapthist), 1, 1e-5),
    (
        "clahe:0.03,kernel_size=17,40",
        brightness(lambda v: equalize_adapthist(v, (17, 40), 0.03)),
        1,
        1e-5,
    ),
    ("equalize_hist", equalized, 1, 1e-5),
    ("denoise_tv", planes(denoise_tv_chambolle), 1, 1e-5),
    ("denoise_tv:0.5,eps=0.001", planes(lambda p: denoise_tv_chambolle(p, 0.5, 0.001)), 1, 1e-5),
    ("unsharp_mask", planes(unsharp_mask), 1, 1e-5),
    ("unsharp_mask:2.5,amount=-0.5", planes(lambda p: unsharp_mask(p, 2.5, -0.5)), 1, 1e-5),
]


@pytest.mark.parametrize("image", [PHOTO, GRAY], ids=["rgb", "gray"])
@pytest.mark.parametrize(
    ("spec", "expected", "levels", "share"), KEEPING_TYPE, ids=[case[0] for case in KEEPING_TYPE]
)
def test_equals_scikit_image(
    image: np.ndarray,
    spec: str,
    expected: Callable[[np.ndarray], np.ndarray],
    levels: float,
    share: float,
) -> None:
    uint8 = run(spec, image)
    assert uint8.dtype == np.uint8
    of_ints = expected(image if spec == "equalize_hist" else img_as_float64(image))
    assert np.abs(uint8 - np.floor(255 * of_ints + 0.5)).max() <= levels
    assert np.abs(uint8 - 255 * of_ints).mean() <= 0.3  # rounded, where cut off would be 0.5
    samples = of_type(image, "float32")
    float32 = run(spec, samples)
    assert float32.dtype == np.float32
    of_floats = expected(samples.astype(np.float64) if spec == "equalize_hist" else samples)
    assert np.abs(float32 - of_floats).max() <= share


def test_sobel_and_canny_equal_scikit_image_on_the_same_gray() -> None:
    for dtype in DTYPES:
        image = of_type(PHOTO, dtype)
        gray = img_as_float64(luma(image)) if dtype[0] == "u" else luma(image).astype(np.float64)
        edges = run("sobel", image)[..., 0]
        assert edges.dtype == np.float32
        assert np.abs(edges - sobel(gray)).max() <= 1e-6
        assert 0.3 < edges.max() <= 1
        marked = run("canny:1.5,low_threshold=0.05,high_threshold=0.3", image)[..., 0]
        assert marked.dtype == np.uint8
        assert np.array_equal(marked == 255, canny(gray, 1.5, 0.05, 0.3)), dtype
        assert set(np.unique(marked)) == {0, 255}


@pytest.mark.parametrize("image", [PHOTO, GRAY], ids=["rgb", "gray"])
@pytest.mark.parametrize(
    ("spec", "arguments"),
    [
        ("hog", (9, (8, 8), (3, 3))),
        ("hog:6,pixels_per_cell=11,cells_per_block=2", (6, (11, 11), (2, 2))),
    ],
)
def test_hog_equals_scikit_image(
    image: np.ndarray, spec: str, arguments: tuple[int, tuple[int, int], tuple[int, int]]
) -> None:
    for dtype in DTYPES:
        samples = of_type(image, dtype)
        result = run(spec, samples)
        single = samples.astype(np.float32)
        if image is GRAY:
            expected = hog(single[..., 0], *arguments)
        else:
            expected = hog(single, *arguments, channel_axis=-1)
        assert result.dtype == np.float32
        assert np.abs(result.ravel() - expected).max() <= 1e-5
    assert 0 <= result.min() < result.max() <= 1


@pytest.mark.parametrize("spec", ["to_hsv", "to_lab", "to_ycbcr"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_colour_spaces_equal_scikit_image(spec: str, dtype: str) -> None:
    levels = np.linspace(0, 255, 16).astype(np.uint8)
    cube = np.stack(np.meshgrid(levels, levels, levels), -1).reshape(64, 64, 3)
    for uint8 in (PHOTO, cube):
        image = of_type(uint8, dtype)
        there = {"to_hsv": rgb2hsv, "to_lab": rgb2lab, "to_ycbcr": rgb2ycbcr}[spec]
        back = {"to_hsv": hsv2rgb, "to_lab": lab2rgb, "to_ycbcr": ycbcr2rgb}[spec]
        result = run(spec, image)
        samples = img_as_float64(image) if dtype[0] == "u" else image.astype(np.float64)
        error = np.abs(result - there(samples))
        if spec == "to_hsv":
            error[..., 0] = np.minimum(error[..., 0], 1 - error[..., 0])
        tolerance = 1e-4 if spec != "to_hsv" else 1e-5 if dtype == "uint16" else 1e-6
        assert error.max() <= tolerance
        assert np.abs(back(result) - samples).max() <= 2e-3  # scikit-image's way back is rounded


def test_bilateral_equals_its_definition() -> None:
    image = of_type(PHOTO[:40, :50], "float32")
    for mode, sigma_color in (("constant", 0.05), ("reflect", 0.5), ("wrap", None)):
        deviation = 3 * (sigma_color or image.std())
        bordered = np.pad(image.astype(np.float64), ((3, 3), (3, 3), (0, 0)), mode)
        total, share = np.zeros(image.shape), np.zeros((*image.shape[:2], 1))
        for row in range(7):
            for column in range(7):
                other = bordered[row : row + 40, column : column + 50]
                color = ((other - image) ** 2).sum(-1, keepdims=True) / deviation**2
                place = ((row - 3) ** 2 + (column - 3) ** 2) / 1.3**2
                weight = np.exp(-(color + place) / 2)
                total, share = total + weight * other, share + weight
        step = DenoiseBilateral(7, sigma_color, 1.3, mode)
        assert np.abs(Pipeline([step])(image).transpose(1, 2, 0) - total / share).max() <= 1e-4


@pytest.mark.parametrize("image", [PHOTO, GRAY], ids=["rgb", "gray"])
def test_bilateral_equals_scikit_image_where_all_places_weigh_the_same(image: np.ndarray) -> None:
    spec = "denoise_bilateral:win_size=5,sigma_color=0.1,sigma_spatial=1e6,mode=edge"
    result = run(spec, of_type(image, "float32"))
    samples = img_as_float64(image)
    color = image is PHOTO
    expected = denoise_bilateral(
        samples if color else samples[..., 0], 5, 0.1, 1e6, mode="edge",
        channel_axis=-1 if color else None,
    )  # fmt: skip
    assert np.abs(result - expected.reshape(image.shape)).max() <= 2e-4


def test_bilateral_spreads_a_dot_evenly() -> None:
    """What scikit-image 0.26 does not."""
    image = np.full((9, 9), 0.5, np.float32)
    image[4, 4] = 0.6
    spread = run("denoise_bilateral:sigma_color=1e6,mode=edge", image)[..., 0] - np.float32(0.5)
    assert spread.argmax() == 4 * 9 + 4
    assert np.abs(spread - spread.T).max() < 1e-6
    assert np.abs(spread - spread[::-1]).max() < 1e-6


@given(images(channels=(1, 3)), st.sampled_from(sorted(scikit.TRANSFORMS)), st.data())
def test_types_and_ranges(image: np.ndarray, name: str, data: st.DataObject) -> None:
    """Whatever the image, 1×1 included: the promised type, numbers, and in the promised range."""
    step = data.draw(scikit.TRANSFORMS[name])
    try:
        result = Pipeline([step])(image)
    except (SpecError, IncompatibleSource):
        assert name in ("clahe", "hog") or image.shape[2] == 1
        return
    keeps = {"clahe", "equalize_hist", "denoise_tv", "denoise_bilateral", "unsharp_mask"}
    floats = np.uint8 if name == "canny" else np.float32
    assert result.dtype == (image.dtype if name in keeps else floats)
    if result.dtype.kind == "f":
        low, high = {"to_lab": (-108, 100.001), "to_ycbcr": (15.999, 240.001)}.get(name, (0, 1))
        assert np.isfinite(result).all()
        assert low <= result.min() <= result.max() <= high


@pytest.mark.parametrize("name", sorted(scikit.TRANSFORMS))
def test_floats_out_of_range_are_clipped(name: str) -> None:
    """Not handed on: scikit-image takes some samples for indices, and refuses others."""
    wild = (of_type(PHOTO, "float32") - 0.3) * 4
    wild[0, 0] = np.nan
    wild[1, 1], wild[2, 2] = np.inf, -np.inf
    tame = np.clip(np.nan_to_num(wild, posinf=1, neginf=0), 0, 1)
    if name in ("sobel", "canny"):  # whose luma mixes channels before they are clipped
        wild, tame = wild[..., :1], tame[..., :1]
    assert np.array_equal(run(name, wild), run(name, tame))


@pytest.mark.parametrize(
    "step", [CLAHE(), EqualizeHist(), CLAHE(0.0, 5)], ids=["clahe", "equalize_hist", "all clipped"]
)
def test_hues_stay(step: Transform) -> None:
    samples = of_type(PHOTO, "float32")
    result = Pipeline([step])(samples).transpose(1, 2, 0)
    before, after = rgb2hsv(samples), rgb2hsv(result)
    colored = (before[..., 1] > 0.05) & (before[..., 2] > 0.05) & (after[..., 2] > 0.05)
    assert colored.mean() > 0.5
    error = np.abs(before - after)[colored][:, :2]
    assert np.minimum(error, 1 - error).max() < 1e-3


def test_regions_and_blocks_must_fit() -> None:
    with pytest.raises(IncompatibleSource, match="smaller kernel_size"):
        run("clahe:kernel_size=41", PHOTO[:40])
    with pytest.raises(IncompatibleSource, match=r"19200 regions.*larger kernel_size"):
        run("clahe:kernel_size=1", PHOTO)
    with pytest.raises(SpecError, match=r"blocks of 24×24.*resize"):
        Pipeline.parse("resize:20,30/hog")
    with pytest.raises(SpecError, match="81 numbers per pixel"):
        HOG(pixels_per_cell=1)
    with pytest.raises(SpecError, match="odd, from 1 to 99, got 103 for this sigma_spatial"):
        DenoiseBilateral(sigma_spatial=17.0)
    assert HOG().infer(ImageSpec(None, 100, 3, "uint8")) == ImageSpec(None, 10, 81, "float32")


def test_a_missing_scikit_image_is_named_when_the_plan_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    p = Pipeline.parse("clahe")
    monkeypatch.setattr(
        "preprocessing.optional_deps.find_spec",
        lambda name: importlib.util.find_spec(f"{name}_that_is_not_there"),
    )
    with pytest.raises(
        SpecError, match=r"'clahe' needs scikit-image.*pip install 'jitprep\[skimage\]'"
    ):
        p.plan(PHOTO)
    assert Pipeline.parse("to_lab").plan(PHOTO)
