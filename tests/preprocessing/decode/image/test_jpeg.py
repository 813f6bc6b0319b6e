"""JPEGs: harmless damage is accepted, every variant decoded or named, and orientation applied."""

from __future__ import annotations

import io
import re
import struct
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from preprocessing import CorruptSource, LimitExceeded, Pipeline, UnsupportedSource
from preprocessing.decode.image.jpeg import decoder as jpeg
from tests.photos import picture

from ...support import libjpeg
from ...support.files import ycck_jpeg
from ...support.jpegs import insert, many_scans, saved, segment, write, ycc

PIXELS = Pipeline.parse("npy:hwc")
ORIENTATION = 0x0112
ODD = [
    [(2, 2), (1, 1), (1, 2)],  # golang/go#54997
    [(2, 1), (1, 1), (2, 1)],
    [(3, 1), (1, 1), (1, 1)],
    [(2, 2), (2, 1), (1, 1)],
    [(1, 1), (2, 2), (1, 2)],
    [(4, 2), (1, 1), (1, 1)],
    [(2, 2), (2, 2), (1, 1)],
]
NAMED = [
    [(1, 4), (1, 1), (1, 1)],
    [(1, 2), (1, 2), (1, 2)],
    [(2, 2), (1, 2), (1, 2)],
    [(4, 1), (1, 1), (1, 1)],
    [(1, 2), (1, 1), (1, 1)],
]


def small() -> np.ndarray:
    return np.asarray(picture("chelsea").resize((67, 50)))


def upright(data: bytes) -> np.ndarray:
    return np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))


def refusal(data: bytes) -> str:
    with pytest.raises(CorruptSource) as caught:
        PIXELS(data)
    return str(caught.value)


def icc(part: int, parts: int) -> bytes:
    return segment(0xE2, b"ICC_PROFILE\0" + bytes([part, parts]) + b"x" * 100)


def harmless(data: bytes) -> dict[str, bytes]:
    scan, jfif = data.index(b"\xff\xda"), data.index(b"JFIF\0") + 5
    adobe = segment(0xEE, b"Adobe\0\x64\0\0\0\0\x07")
    return {
        "scan parameters of zero": data[: scan + 11] + bytes(3) + data[scan + 14 :],
        "an old JFIF revision": data[:jfif] + b"\0\2" + data[jfif + 2 :],
        "a profile without its second part": insert(data, icc(1, 2)),
        "a profile of no parts": insert(data, icc(1, 0), icc(3, 2)),
        "an unknown transform": insert(data, adobe),
        "stray zeros": insert(data, b"\0\0"),
        "stray bytes behind metadata": insert(data, segment(0xED, b"short"), b"\x01rest\x99"),
        "no end": data[:-2],
        "half an end": data[:-1],
        "no end, and a film": data[:-2] + b"\0\0\0\x18ftypmp42" + bytes(3000),
        "no end, and a film of any bytes": data[:-2]
        + b"\0\0\0\x18ftypmp42"
        + np.random.default_rng(1).bytes(70_000),
        "no end, and a text": data[:-2] + b"Taken with a camera that adds its name",
        "no end, and another JPEG": data[:-2] + data,
        "zeros before the end": data[:-2] + bytes(2000) + data[-2:],
        "zeros behind the end": data + bytes(2000),
    }


@pytest.mark.parametrize("name", harmless(saved(small())))
def test_what_costs_no_pixel_is_forgiven(name: str) -> None:
    whole = saved(small(), quality=90)
    np.testing.assert_array_equal(PIXELS(harmless(whole)[name]), PIXELS(whole))


@pytest.mark.parametrize("name", harmless(saved(small())))
def test_and_hides_no_damage(name: str) -> None:
    """Each causes a warning, and a decoder reports only its first."""
    whole = saved(small(), quality=90, restart_marker_blocks=3)
    scan = whole.index(b"\xff\xda") + 14
    lost = whole.index(b"\xff\xd3", scan)
    for bad in (whole[:lost] + whole[lost + 2 :], whole[:lost] + whole[lost + 9 :],
                whole[: scan + 40] + whole[scan + 300 :]):  # fmt: skip
        assert "damaged" in refusal(bad)
        refusal(harmless(bad)[name])


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}])
def test_half_a_picture_is_detected_in_any_colour_space(
    mode: str, options: dict[str, object]
) -> None:
    whole = saved(picture("chelsea").convert(mode), **options)
    half = whole[: len(whole) // 2]
    assert "cut off" in refusal(half)
    assert "upload it again" in refusal(insert(half, b"\0\0"))
    ended = refusal(half + b"\xff\xd9")
    assert "damaged" in ended
    assert "upload" not in ended


def test_a_jpeg_with_its_tables_is_judged_alone() -> None:
    whole = saved(small(), progressive=True)
    header = jpeg.probe(whole)
    assert jpeg.decode(whole, header, 8, luma=False).shape == (*header.stored, 3)
    with pytest.raises(CorruptSource):
        jpeg.decode(whole[:-40], header, 8, luma=False)


def test_scans_that_are_missing_are_not_made_up() -> None:
    whole = saved(picture("chelsea"), progressive=True)
    _first, *others = (found.start() for found in re.finditer(b"\xff\xda", whole))
    assert others
    for at in others:
        tables = whole.rindex(b"\xff\xc4", 0, at)
        assert "scans are missing" in refusal(whole[:tables] + b"\xff\xd9")


@pytest.mark.parametrize("factors", [*ODD, *NAMED])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart": 3}, {"apart": True}])
def test_any_sampling_factors(factors: list[tuple[int, int]], options: dict[str, object]) -> None:
    data = write(ycc(small()), factors, **options)
    assert jpeg.probe(data).by_turbo == (factors in NAMED)
    result = PIXELS(data)
    np.testing.assert_array_equal(result, upright(data))
    assert np.abs(result.astype(int) - small()).mean() < 10
    assert "upload it again" in refusal(data[: len(data) * 3 // 4])


@pytest.mark.parametrize("bits", [16, 127, 243, 255])
def test_impossible_size_of_a_dc_difference(bits: int) -> None:
    """libjpeg refuses such a table. The fuzzer found an overflow of the lookup's bytes."""
    data = bytearray(write(ycc(small()), ODD[0]))
    data[data.index(b"\xff\xc4") + 4 + 1 + 16] = bits  # the first symbol of the first table
    assert f"a DC difference of {bits} bits" in refusal(bytes(data))


@pytest.mark.parametrize("factors", [*ODD, *NAMED])
@pytest.mark.parametrize("spec", ["grayscale/resize:8,8/npy", "resize:4,4/npy", "grayscale/npy"])
def test_no_rewrite_asks_more_of_a_decoder_than_it_can(
    factors: list[tuple[int, int]], spec: str
) -> None:
    """Pillow decodes all channels at full size. The fuzzer found a channel out of bounds."""
    data = write(ycc(small()), factors)
    planned = Pipeline.parse(spec)(data).astype(float)
    np.testing.assert_allclose(planned, Pipeline.parse(f"exact/{spec}")(data), atol=40)


@pytest.mark.parametrize(
    "factors", [[(2, 2), (1, 1), (1, 1), (1, 1)], [(1, 1), (2, 1), (1, 1), (1, 1)]]
)
def test_inks_of_any_sampling_factors(factors: list[tuple[int, int]]) -> None:
    planes = [*np.moveaxis(small(), -1, 0), np.full((50, 67), 255)]
    data = write(planes, factors)
    np.testing.assert_array_equal(PIXELS(data), upright(data))


@pytest.mark.skipif(libjpeg.library() is None, reason="Pillow brings no libjpeg")
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart": 3}])
def test_damage_is_detected_with_any_sampling_factors(options: dict[str, object]) -> None:
    data = write(ycc(small()), ODD[0], **options)
    whole, random, heard = PIXELS(data), np.random.default_rng(4), 0
    for _ in range(100):
        broken = bytearray(data)
        broken[random.integers(data.index(b"\xff\xda"), len(data))] ^= 1 << random.integers(0, 8)
        try:
            result = PIXELS(bytes(broken))
        except CorruptSource:
            heard += 1
            continue
        assert np.array_equal(result, whole) or not libjpeg.warnings_of(bytes(broken), 50)
    assert heard > 20


def test_a_component_that_is_missing_is_not_made_up() -> None:
    apart = write(ycc(small()), [(1, 1)] * 3, apart=True)
    last = apart.rindex(b"\xff\xda")
    assert "scans are missing" in refusal(apart[:last] + b"\xff\xd9")
    assert "cut off" in refusal(apart[:last])


def test_an_empty_scan_header_is_refused() -> None:
    whole = saved(small())
    assert "damaged" in refusal(whole[: whole.index(b"\xff\xda")] + b"\xff\xda\0\2")


def changed(at: int, value: int) -> bytes:
    """Return a JPEG with a byte of its frame header changed, counted from the marker."""
    data = bytearray(saved(small()))
    data[data.index(b"\xff\xc0") + at] = value
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (changed(4, 12), "12 bits per sample"),
        (changed(1, 0xC3), "lossless"),
        (changed(1, 0xC5), "hierarchical"),
        (changed(1, 0xC9), "arithmetic"),
        (changed(1, 0xF7), "JPEG-LS"),
        (insert(saved(small()), segment(0xDE, b"\x08\0\1\0\1\1\1\x11\0")), "hierarchical"),
        (write([small()[..., 0]] * 2, [(1, 1), (1, 1)]), "2 components"),
        (changed(6, 0)[:-2] + segment(0xDC, b"\0\x32") + b"\xff\xd9", "DNL"),
    ],
)
def test_variants_are_named(data: bytes, words: str) -> None:
    with pytest.raises(UnsupportedSource, match=words):
        PIXELS(data)


def exif(orientation: object, *, tag: int = ORIENTATION) -> bytes:
    """Return EXIF with an orientation as a short or as a rational."""
    if isinstance(orientation, tuple):
        entry = struct.pack("<HHII", tag, 5, 1, 26)
        return b"Exif\0\0II*\0\x08\0\0\0\1\0" + entry + bytes(4) + struct.pack("<II", *orientation)
    entry = struct.pack("<HHIHH", tag, 3, 1, orientation, 0)
    return b"Exif\0\0II*\0\x08\0\0\0\1\0" + entry + bytes(4)


def xmp(text: str) -> bytes:
    return b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>" + text.encode() + b"</x:xmpmeta>"


ATTRIBUTE, ELEMENT = 'tiff:Orientation="{}"', "<tiff:Orientation>{}</tiff:Orientation>"
TURNS = st.integers(0, 9)
BLOCKS = st.one_of(
    TURNS.map(exif),
    TURNS.map(lambda turn: exif((turn, 1))),
    TURNS.map(lambda turn: exif(turn, tag=0x0100)),
    st.tuples(st.sampled_from([ATTRIBUTE, ELEMENT, "{}"]), TURNS).map(
        lambda pair: xmp(pair[0].format(pair[1]))
    ),
    st.tuples(TURNS, st.integers(6, 30)).map(lambda pair: exif(pair[0])[: pair[1]]),
    st.sampled_from([b"Exif\0\0", b"nothing", b"http://ns.adobe.com/xmp/extension/\0"]),
)
MARKED = st.lists(
    st.tuples(st.sampled_from([0xE1, 0xE1, 0xE1, 0xE0, 0xE2, 0xFE]), BLOCKS), max_size=4
)


@given(MARKED)
def test_orientation_is_what_pillow_makes_of_it(blocks: list[tuple[int, bytes]]) -> None:
    data = insert(saved(small()), *(segment(marker, body) for marker, body in blocks))
    try:
        expected = upright(data)
    except Exception:  # Pillow raises an error for EXIF that affects no pixel
        expected = upright(saved(small()))
    np.testing.assert_array_equal(PIXELS(data), expected)


def test_orientation_of_xmp_alone() -> None:
    assert PIXELS(insert(saved(small()), segment(0xE1, xmp(ATTRIBUTE.format(6))))).shape == (
        67,
        50,
        3,
    )


def test_too_many_scans_are_refused_by_name() -> None:
    refining = [(63, 0, 13), *((63, high, high - 1) for high in range(13, 0, -1))]
    assert PIXELS(many_scans(64, refining)).shape == (64, 64, 3)
    started = time.perf_counter()
    with pytest.raises(LimitExceeded, match="too many scans"):
        Pipeline([]).plan(many_scans(12_000, refining))
    again = many_scans(64, [*refining, *[(63, 1, 0)] * 600])
    with pytest.raises(CorruptSource, match="order of refinement"):
        Pipeline([]).plan(again)
    assert time.perf_counter() - started < 1


def test_too_many_segments_are_refused_by_name() -> None:
    with pytest.raises(LimitExceeded, match="segments; save it"):
        PIXELS(insert(saved(small()), segment(0xFE, b"") * 20_000))


@pytest.mark.parametrize("name", ["baseline", "progressive", "luma", "half", "inks"])
def test_memory_is_stated_of_several_scans_too(name: str) -> None:
    data = ycck_jpeg() if name == "inks" else saved(small(), progressive=name == "progressive")
    header = jpeg.probe(data)
    pixels = 50 * 67 if name != "inks" else header.height * header.width
    held = jpeg.holds(header, 4 if name == "half" else 8, luma=name == "luma")
    least = {"baseline": 3, "progressive": 6, "luma": 1, "half": 0.75, "inks": 18}[name] * pixels
    assert least <= held < least + 64 * 3 * 200 + 128 * 200
