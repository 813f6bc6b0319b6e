"""The resampling kernel against its definition, and the laws that any resampling keeps."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import skimage.transform
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from preprocessing import Pipeline
from preprocessing.kernels.image.geometry.bands import Bands, column_bands
from preprocessing.kernels.image.geometry.resample import nearest_indices, precision, resample_image
from preprocessing.kernels.image.geometry.row_windows import RowWindows, row_windows
from preprocessing.kernels.image.geometry.taps import Axis, Filter
from tests.photos import picture

from ..strategies import FILTERS, images
from ..support.reference import resampled, weights

PILLOW = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


@st.composite
def axes(draw: st.DrawFn, n_in: int, longest: int = 60) -> Axis:
    """Any axis over `n_in` inputs: a fractional box inside them, a window of the outputs."""
    n_out = draw(st.integers(1, longest))
    first = draw(st.integers(0, n_out - 1))
    box = (0.0, float(n_in))
    if draw(st.booleans()):
        start = draw(st.integers(0, 64 * (n_in - 1))) / 64
        box = (start, draw(st.integers(32, int(64 * (n_in - start)))) / 64)
    last = draw(st.integers(first + 1, n_out))
    filter_ = draw(st.sampled_from(FILTERS))
    return Axis(n_in, n_out, *box, first, last, filter_, draw(st.booleans()), draw(st.booleans()))


@st.composite
def jobs(draw: st.DrawFn, dtypes: tuple[str, ...] = ("uint8", "float32")) -> tuple:
    image = draw(images(dtypes, channels=(1, 2, 3, 4), longest=50))
    rows = draw(axes(image.shape[0]))
    return image, rows, replace(draw(axes(image.shape[1])), filter=rows.filter)


def run(image: np.ndarray, rows: Axis, columns: Axis, *, single: bool = False) -> np.ndarray:
    shape = (image.shape[2], rows.last - rows.first, columns.last - columns.first)
    out = np.full(shape, np.nan, np.float32)
    resample_image(image, rows, columns, out, single=single)
    return out


def top(image: np.ndarray) -> float:
    return 1.0 if image.dtype.kind == "f" else float(np.iinfo(image.dtype).max)


@given(jobs(("uint8", "uint16", "float16", "float32")))
def test_is_its_definition(job: tuple) -> None:
    image, rows, columns = job
    error = run(image, rows, columns) - resampled(image, rows, columns)
    # Each weight of the rows is at most 2**-15 away for integers, and all of them are random.
    taps = np.count_nonzero(weights(rows), axis=1).max() if image.dtype.kind == "u" else 0
    assert np.abs(error).max() <= (taps * 2**-15 + 4e-6) * top(image)


@pytest.mark.parametrize("size", [(31, 45), (100, 100), (224, 320), (600, 500)])
@pytest.mark.parametrize("filter_", FILTERS)
def test_a_photograph_is_within_100_db_of_its_definition(size: tuple, filter_: Filter) -> None:
    image = np.asarray(picture("rocket"))
    job = [
        Axis(n, to, 0.0, float(n), 0, to, filter_, True)
        for n, to in zip(image.shape, size, strict=False)
    ]
    error = run(image, *job) - resampled(image, *job)
    assert 10 * np.log10(255**2 / np.mean(error**2)) >= 100


def dense_columns(axis: Axis, bands: Bands) -> np.ndarray:
    """The matrix (outputs, inputs) that bands are cut from."""
    matrix = np.zeros((axis.last - axis.first, axis.n_in))
    for run in bands.runs:
        for k, block in enumerate(run.weights.transpose(0, 2, 1)):
            out, inside = run.out_start + k * run.out_step, run.in_start + k * run.in_step
            assert min(out, inside) >= 0
            matrix[out : out + len(block), inside : inside + block.shape[1]] += block
    return matrix


def dense_rows(axis: Axis, windows: RowWindows) -> np.ndarray:
    """The matrix (outputs, inputs) that windows are cut from; what is outside it has no weights."""
    around = 10 * (windows.inputs + axis.n_in)
    matrix = np.zeros((axis.last - axis.first + around, around + axis.n_in + around))
    for group in windows.groups:
        for run in group.runs:
            for (k, i), window in zip(
                np.ndindex(*run.weights.shape[:2]),
                run.weights.reshape(-1, windows.inputs),
                strict=True,
            ):
                start = group.start + run.in_start + k * group.in_step + i * run.in_next
                assert group.start <= start <= group.stop - windows.inputs
                out = group.out + k * group.series + run.first + i
                matrix[out, around + start : around + start + windows.inputs] += window
    wanted = matrix[: axis.last - axis.first, around:-around]
    assert np.count_nonzero(matrix) == np.count_nonzero(wanted)
    return wanted


@given(
    st.integers(1, 400).flatmap(lambda n: axes(n, longest=400)),
    st.integers(12, 24),
    st.integers(0, 500),
)
def test_weights_are_their_definition_rounded(axis: Axis, places: int, rows: int) -> None:
    for matrix in (
        dense_rows(axis, row_windows(axis, places, "float64", 0, rows)),
        dense_columns(axis, column_bands(axis, places, "float64")),
    ):
        # Each tap within a unit; at an edge that is repeated, up to six taps add up.
        atol = (1 if axis.antialias else 6) * 2.0**-places
        np.testing.assert_allclose(matrix, weights(axis), rtol=0, atol=atol)
        np.testing.assert_array_equal(matrix.sum(axis=1), 1.0)
        np.testing.assert_array_equal(matrix * 2**places, np.rint(matrix * 2**places))


@given(jobs(("uint8", "uint16")), st.booleans(), st.booleans())
def test_integers_are_summed_exactly(job: tuple, single: bool, stark: bool) -> None:
    """Equal to integer arithmetic, which knows no order of summation: so no processor's matters."""
    image, rows, columns = job
    single &= image.dtype == np.uint8
    if stark:
        image = np.where(image > image.mean(), top(image), 0).astype(image.dtype)
    how = precision(image.dtype.name, columns.filter, single=single)
    windows = row_windows(rows, how.row_places, how.rows, 0, 100)
    down = dense_rows(rows, windows) * 2**how.row_places
    across = dense_columns(columns, column_bands(columns, how.column_places, "float64"))
    whole = [matrix.astype(np.int64) for matrix in (down, across * 2**how.column_places)]
    half, places = whole[0] @ image.astype(np.int64).transpose(2, 0, 1), how.row_places
    if how.kept_places is not None:
        half = np.rint(np.ldexp(half, how.kept_places - places)).astype(np.int64)
        places = how.kept_places
    expected = (half @ whole[1].T) / 2.0 ** (places + how.column_places)
    result = run(image, rows, columns, single=single)
    np.testing.assert_array_equal(result, expected.astype(np.float32))


@given(jobs(), st.integers(0, 65535), st.sampled_from(["uint8", "uint16", "float32"]))
def test_a_constant_stays_constant(job: tuple, value: int, dtype: str) -> None:
    image, rows, columns = job
    flat = np.full(image.shape, value, "uint16").astype(dtype)
    np.testing.assert_array_equal(run(flat, rows, columns), flat[0, 0, 0])


@given(jobs())
def test_a_window_is_a_slice_of_the_whole_perhaps_reversed(job: tuple) -> None:
    image, rows, columns = job
    forward = [replace(axis, first=0, last=axis.n_out, reverse=False) for axis in (rows, columns)]
    part = run(image, *forward)[:, rows.first : rows.last, columns.first : columns.last]
    part = part[:, :: -1 if rows.reverse else 1, :: -1 if columns.reverse else 1]
    atol = 0 if image.dtype.kind == "u" else 1e-6
    np.testing.assert_allclose(run(image, rows, columns), part, rtol=0, atol=atol)


@given(jobs())
def test_mirrored_in_is_mirrored_out(job: tuple) -> None:
    image, *given_axes = job
    rows, columns = (
        replace(a, start=0.0, length=float(a.n_in), first=0, last=a.n_out) for a in given_axes
    )
    mirrored = run(image[::-1, ::-1], rows, columns)[:, ::-1, ::-1]
    # Which of two equal weights is rounded up, the order decides.
    np.testing.assert_allclose(run(image, rows, columns), mirrored, rtol=0, atol=1e-3 * top(image))


@given(jobs(), st.sampled_from(["transposed", "flipped", "sliced", "planar", "repeated"]))
def test_strides_do_not_matter(job: tuple, how: str) -> None:
    """Equal to the last bit, or the same photo would give other bytes by the way it was decoded."""
    image, rows, columns = job
    strange = {
        "transposed": lambda: np.ascontiguousarray(image.transpose(1, 0, 2)).transpose(1, 0, 2),
        "flipped": lambda: np.ascontiguousarray(image[::-1, ::-1])[::-1, ::-1],
        "sliced": lambda: np.repeat(np.repeat(image, 2, axis=0), 3, axis=1)[::2, ::3],
        "planar": lambda: np.ascontiguousarray(image.transpose(2, 0, 1)).transpose(1, 2, 0),
        "repeated": lambda: image,
    }[how]()
    np.testing.assert_array_equal(strange, image)
    np.testing.assert_array_equal(run(strange, rows, columns), run(image, rows, columns))


@given(st.lists(jobs(), min_size=2, max_size=4))
def test_scratch_memory_does_not_leak_between_calls(several: list[tuple]) -> None:
    """Whatever ran before on this thread, larger or smaller, a result is the same."""
    fresh = [_in_a_new_thread(job) for job in several]
    for _ in range(2):
        for job, expected in zip(several, fresh, strict=True):
            np.testing.assert_array_equal(run(*job), expected)


def _in_a_new_thread(job: tuple) -> np.ndarray:
    results: list[np.ndarray] = []
    thread = threading.Thread(target=lambda: results.append(run(*job)))
    thread.start()
    thread.join()
    return results[0]


def test_threads_do_not_disturb_one_another() -> None:
    random = np.random.default_rng(1)
    pictures = [random.integers(0, 256, (60 + 7 * i, 90, 3), np.uint8) for i in range(6)]
    pipeline = Pipeline.parse("resize:31,47")
    serial = [pipeline(picture) for picture in pictures]
    with ThreadPoolExecutor(6) as pool:
        for parallel in (list(pool.map(pipeline, pictures)) for _ in range(20)):
            for one, other in zip(serial, parallel, strict=True):
                np.testing.assert_array_equal(one, other)


@given(
    images(("uint8",), longest=60), st.sampled_from([*PILLOW]), st.tuples(*[st.integers(1, 70)] * 2)
)
def test_equals_pillow(image: np.ndarray, name: str, size: tuple[int, int]) -> None:
    """Pillow rounds and clips between the passes, so that each pass may move a sample by a level."""
    gray = image[:, :, 0] // 2 + 64  # far from black and white
    expected = np.asarray(Image.fromarray(gray).resize(size[::-1], PILLOW[name]))
    result = Pipeline.parse(f"resize:{size[0]},{size[1]},interpolation={name}")(gray)[0]
    limit = 1 if name == "bilinear" else 2
    assert np.abs(result.astype(int) - expected).max() <= limit


@given(st.integers(1, 250), st.integers(1, 250))
def test_nearest_exact_equals_pillow(n_in: int, n_out: int) -> None:
    ramp = np.arange(n_in, dtype=np.uint8)[None]
    expected = np.asarray(Image.fromarray(ramp).resize((n_out, 1), Image.Resampling.NEAREST))
    result = Pipeline.parse(f"resize:1,{n_out},interpolation=nearest_exact")(ramp)[0]
    # On the border between two inputs Pillow's running sum may fall to either side.
    border = (2 * np.arange(n_out) + 1) * n_in % (2 * n_out) == 0
    np.testing.assert_array_equal(result[0, ~border], expected[0, ~border])


@given(images(("float32",), channels=(1,), longest=40), st.integers(1, 4), st.integers(1, 4))
def test_plain_bilinear_equals_scikit_image(image: np.ndarray, up: int, left: int) -> None:
    size = (image.shape[0] * up + left, image.shape[1] * up + 1)
    expected = skimage.transform.resize(
        image[:, :, 0], size, order=1, mode="edge", anti_aliasing=False
    )
    result = Pipeline.parse(f"resize:{size[0]},{size[1]},antialias=false")(image)[0]
    np.testing.assert_allclose(result, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("centred", [True, False])
@given(n_in=st.integers(1, 500), n_out=st.integers(1, 500))
def test_nearest_indices_are_their_definition(n_in: int, n_out: int, centred: bool) -> None:
    from fractions import Fraction

    half = Fraction(1, 2) if centred else 0
    expected = [min(int((o + half) * n_in / n_out), n_in - 1) for o in range(n_out)]
    np.testing.assert_array_equal(nearest_indices(n_in, n_out, centred=centred), expected)
