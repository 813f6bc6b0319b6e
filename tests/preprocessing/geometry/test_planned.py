"""The geometry of a source: from its header alone, the same however it is passed, upright or stored."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from PIL import Image

from preprocessing import (
    CorruptSource,
    Geometry,
    IncompatibleSource,
    LimitExceeded,
    Limits,
    Pipeline,
    PreprocessingError,
    Seed,
    SourceError,
    Transform,
)
from preprocessing.decode.image.jpeg.orientation import jpeg_orientation
from preprocessing.frozen import frozen
from preprocessing.planner.stages import KernelStage
from preprocessing.transforms import FixedTransform
from tests.photos import photo

from ..strategies import images, pipelines
from ..support.clips import Counted, clip
from ..support.files import FILES, oriented, save, small

FIXED = Pipeline.parse("resize:40/center_crop:32/npy")
DRAWN = Pipeline.parse("random_resized_crop:32/random_horizontal_flip/trivial_augment_wide/npy")
SEED = Seed(3, "a.jpg", '"1"')


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_form_of_a_source_has_the_same_geometry(
    format_: str, orientation: int, tmp_path: Path
) -> None:
    data = oriented(format_, orientation)
    (tmp_path / "a").write_bytes(data)
    whole = FIXED.geometry(data)
    assert whole.orientation == orientation
    assert whole.source == FIXED.plan(data).source.output().shape[:2]
    assert FIXED.geometry(tmp_path / "a") == whole
    assert FIXED.geometry(Counted(data)) == whole
    assert FIXED.geometry(io.BytesIO(data)) == whole
    opened = FIXED.geometry(Image.open(io.BytesIO(data)))
    assert opened.coefficients == whole.coefficients
    assert opened.orientation == (1 if format_ == "TIFF" else orientation)  # Pillow turns a TIFF
    pixels = FIXED.geometry(np.zeros((*whole.source, 3), np.uint8))
    assert (pixels.coefficients, pixels.orientation) == (whole.coefficients, 1)


@pytest.mark.parametrize("kind", ["index", "index:uint16", "image:uint16", "image:float32"])
@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_masks_and_deep_images_have_one_too(kind: str, orientation: int) -> None:
    """It is what a door sends, and that of the same photograph of 8 bits but for the kind."""
    stream, exif = io.BytesIO(), Image.Exif()
    exif[0x112] = orientation
    Image.new("L", (30, 20)).save(stream, "PNG", exif=exif)
    data, steps = stream.getvalue(), "resize:8,12/random_horizontal_flip/npy"
    p = Pipeline.parse(f"{kind}/{steps}")
    found = p.geometry(data, seed=SEED)
    assert found.orientation == orientation
    assert str(found) == p.encode(data, seed=SEED).metadata["geometry"]
    assert found.stored.source == (20, 30)
    still = steps.replace("/random_horizontal_flip", "")
    assert Pipeline.parse(f"{kind}/{still}").geometry(data) == Pipeline.parse(still).geometry(data)


@pytest.mark.parametrize("name", sorted(FILES))
def test_files_of_every_format_have_one(name: str) -> None:
    data = FILES[name]()
    assert FIXED.geometry(Counted(data)) == FIXED.geometry(data) == FIXED.plan(data).geometry


@pytest.mark.parametrize("orientation", range(1, 9))
def test_stored_places_are_those_of_the_stored_pixels(orientation: int) -> None:
    """A bright spot of the stored pixels is where the upright ones show it."""
    y, x = np.mgrid[:45, :67] + 0.5
    spot = 255 * np.exp(-((x - 20) ** 2 + (y - 15) ** 2) / 18)
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = save(Image.fromarray(spot.astype(np.uint8)), "PNG", exif=exif)
    pipeline = Pipeline.parse("grayscale/npy:hwc")
    result = pipeline(data)[:, :].astype(np.float64)
    geometry = pipeline.geometry(data)
    assert geometry.stored.source == (45, 67)
    assert geometry.stored.orientation == 1
    rows, columns = np.mgrid[: result.shape[0], : result.shape[1]] + 0.5
    found = [(result * axis).sum() / result.sum() for axis in (columns, rows)]
    np.testing.assert_allclose(geometry.stored.points([20, 15])[0], found, atol=0.05)
    mask = spot.astype(np.uint8)
    np.testing.assert_array_equal(geometry.stored.mask(mask), result.astype(np.uint8))


def test_a_mask_of_the_stored_pixels_is_named() -> None:
    geometry = FIXED.geometry(oriented("JPEG", 6))
    with pytest.raises(ValueError, match=r"for a mask of the stored pixels use geometry\.stored"):
        geometry.mask(np.zeros(geometry.source[::-1], np.uint8))


@given(pipelines(), images(), st.integers(0, 99))
def test_it_is_what_is_planned_and_what_is_written(
    pipeline: Pipeline, image: np.ndarray, number: int
) -> None:
    seed = Seed(number, etag='"e"')
    try:
        plan = pipeline.plan(image, seed=seed)
        made = pipeline.encode(image, seed=seed)
    except PreprocessingError:
        assume(False)
    if plan.geometry is None:  # of several views
        assert "geometry" not in made.metadata
        with pytest.raises(IncompatibleSource, match="geometry"):
            pipeline.geometry(image, seed=seed)
        return
    assert plan.geometry == pipeline.geometry(image, seed=seed)
    assert Geometry.parse(made.metadata["geometry"]) == plan.geometry
    assert plan.geometry.result == plan.output.shape[:2]


def test_only_the_header_of_a_photograph_is_read() -> None:
    stream = io.BytesIO()
    Image.open(io.BytesIO(photo("retina"))).resize((2000, 2000)).save(stream, "JPEG", quality=95)
    source = Counted(stream.getvalue())
    whole = FIXED.geometry(stream.getvalue())
    assert FIXED.geometry(source) == whole
    assert source.bytes_read < 10**5 < source.size / 4
    source = Counted(stream.getvalue())
    assert DRAWN.geometry(source, seed=SEED) == DRAWN.geometry(stream.getvalue(), seed=SEED)
    assert source.bytes_read < 10**5


def test_an_open_jpeg_is_not_decoded() -> None:
    image = Image.open(io.BytesIO(oriented("JPEG", 6)))
    FIXED.geometry(image)
    assert image.tile, "its pixels were loaded"


def test_a_seed_without_an_etag_draws_from_the_content() -> None:
    data = oriented("JPEG", 6)
    for source in (data, Counted(data), io.BytesIO(data)):
        assert DRAWN.geometry(source, seed=5) == DRAWN.plan(data, seed=5).geometry
    image = Image.open(io.BytesIO(data))
    assert DRAWN.geometry(image, seed=5) == DRAWN.plan(image, seed=5).geometry


def test_each_frame_of_a_video_has_the_geometry() -> None:
    pipeline = Pipeline.parse("sample_frames:2/resize:40,60/horizontal_flip/mp4")
    made = pipeline.encode(clip("mp4"))
    geometry = pipeline.geometry(clip("mp4"))
    assert Geometry.parse(made.metadata["geometry"]) == geometry
    assert geometry.result == (40, 60)


@pytest.mark.parametrize("spec", ["resample:16000/wav", "lower/text", "log_mel:whisper/npy"])
def test_what_is_not_an_image_has_none(spec: str) -> None:
    with pytest.raises(IncompatibleSource, match="only images and videos have a geometry"):
        Pipeline.parse(spec).geometry(b"RIFF")


@frozen
class Swirl(FixedTransform):
    """Move pixels, and say nothing of where to."""

    name = "swirl"

    def infer(self, spec):
        return spec

    def lower(self, spec):
        return (KernelStage(np.roll, (5,), spec, None),)


def test_a_step_that_states_nothing_is_named() -> None:
    steps: list[Transform] = [*FIXED.steps[:1], Swirl()]
    silent = Pipeline(steps)
    with pytest.raises(IncompatibleSource, match="step 2 'swirl': does not state where"):
        silent.geometry(np.zeros((50, 60, 3), np.uint8))
    assert "geometry" not in silent.encode(np.zeros((50, 60, 3), np.uint8)).metadata


def test_a_stage_must_state_its_matrix() -> None:
    with pytest.raises(TypeError, match="moves"):
        KernelStage(np.roll, (5,), FIXED.result)  # type: ignore[call-arg]


def test_bad_sources_are_refused_as_everywhere(tmp_path: Path) -> None:
    data = oriented("JPEG", 1)
    for cut in (b"", data[:30], b"nothing", data[: data.index(b"\xff\xda")]):
        (tmp_path / "cut").write_bytes(cut)
        for source in (cut, tmp_path / "cut"):
            with pytest.raises(SourceError):
                FIXED.geometry(source)
    with pytest.raises(CorruptSource, match="ended after"):
        FIXED.geometry(Short(data))
    small_limits = Limits(pixels=100)
    for source in (data, Counted(data), small(), np.zeros((50, 60), np.uint8)):
        with pytest.raises(LimitExceeded):
            FIXED.geometry(source, limits=small_limits)
    with pytest.raises(FileNotFoundError):
        FIXED.geometry(tmp_path / "none")
    with pytest.raises(LimitExceeded):
        FIXED.geometry(Counted(data), limits=Limits(source_bytes=100))


class Short(Counted):
    """An object that has fewer bytes than it claims."""

    def read_at(self, start: int, length: int) -> bytes:
        return super().read_at(start, length)[:20]


@given(
    order=st.sampled_from("<>"),
    tags=st.lists(
        st.tuples(
            st.sampled_from((0x0112, 0x010F, 0x0110, 0x8769)),
            st.sampled_from((3, 3, 3, 1, 2, 4, 5, 7, 99)),
            st.sampled_from((1, 1, 1, 2, 6, 2**20)),
            st.integers(0, 9) | st.sampled_from((8, 60, 2**31)),
        ),
        max_size=4,
    ),
    start=st.sampled_from((8, 8, 8, 10, 0, 2**31)),
    more=st.integers(-1, 1),
    xmp=st.sampled_from((b"", b'<x tiff:Orientation="6"/>')),
    after=st.binary(max_size=40),
)
def test_the_orientation_in_plain_exif_is_pillows(
    order: str,
    tags: list[tuple[int, int, int, int]],
    start: int,
    more: int,
    xmp: bytes,
    after: bytes,
) -> None:
    little = order == "<"

    def number(value: int, size: int) -> bytes:
        return value.to_bytes(size, "little" if little else "big")

    body = b"".join(
        number(tag, 2) + number(kind, 2) + number(count, 4)
        + (number(value, 2) + b"\0\0" if value < 10 else number(value, 4))
        for tag, kind, count, value in tags
    )  # fmt: skip
    head = b"Exif\0\0" + (b"II*\0" if little else b"MM\0*") + number(start, 4)
    pad = b"\0" * (2 if start == 10 else 0)
    exif = head + pad + number(max(len(tags) + more, 0), 2) + body + after
    assert jpeg_orientation(exif, xmp) == by_pillow(exif, xmp)


def by_pillow(exif: bytes, xmp: bytes) -> int:
    image = Image.Image()
    image._exif = Image.Exif()
    image.info = {"exif": exif} | ({"xmp": xmp} if xmp else {})
    try:
        value = image.getexif().get(0x0112, 1)
    except Exception:  # as Pillow raises them
        return 1
    return {turn: turn for turn in range(1, 9)}.get(value, 1)


def test_a_geometry_that_no_header_holds_is_not_written() -> None:
    image = np.zeros((50, 60, 3), np.uint8)
    for count, written in ((2, True), (30, False)):
        pipeline = Pipeline.parse("/".join(["rotate:20"] * count) + "/npy")
        geometry = pipeline.geometry(image)
        assert (len(str(geometry)) <= 1000) is written
        assert ("geometry" in pipeline.encode(image).metadata) is written
        assert Geometry.parse(str(geometry)) == geometry
