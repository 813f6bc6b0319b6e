"""A source is drawn as what its content is, whatever the pipeline takes."""

from __future__ import annotations

import json
import tarfile

import pytest

from jitprep.playground.desk import Desk
from jitprep.playground.drawing.shards import draw_shard
from jitprep.playground.drawing.sources import draw_source, hexdump
from jitprep.playground.drawing.thumbs import draw_thumb
from jitprep.playground.drawing.view import View
from jitprep.playground.items import Item
from jitprep.playground.members import shard_members
from preprocessing import CorruptSource, EmptySource, Limits, Pipeline, ShardPipeline, UnknownFormat
from preprocessing.media import SourceKind
from tests.media import TEXT, clip, objects, sound
from tests.photos import photo
from tests.preprocessing.shards.archives import shard

LIMITS = Limits()
NPY = b"\x93NUMPY\1\0" + bytes(2000)


def drawn(content: bytes, kind: SourceKind | None = None) -> View:
    return draw_source(Desk(), Item("any", "any", None, content), kind, LIMITS)


@pytest.mark.parametrize("kind", [None, "image", "video", "audio", "text"])
def test_an_object_is_drawn_as_what_it_is(kind: SourceKind | None) -> None:
    for key, content in objects().items():
        wanted = {"sound": "audio"}.get(key.partition("/")[0], key.partition("/")[0])
        assert drawn(content, kind).kind == wanted


@pytest.mark.parametrize(
    ("kind", "wanted"), [(None, "image"), ("audio", "image"), ("index", "index")]
)
def test_an_image_is_drawn_as_an_image_or_a_mask(kind: SourceKind | None, wanted: str) -> None:
    content = bytes(Pipeline.parse("grayscale/png").encode(photo("rocket")).body)
    assert drawn(content, kind).kind == wanted


def test_text_is_shown() -> None:
    assert drawn(TEXT).texts == (TEXT.decode(),)


def test_what_no_pipeline_takes_is_shown_as_bytes() -> None:
    view = drawn(NPY)
    assert view.kind == "bytes"
    assert view.how.startswith("the object is a NumPy array")
    assert view.texts == (hexdump(NPY[:1024]),)
    assert view.count == len(NPY)


def test_bytes_are_dumped_in_lines() -> None:
    assert hexdump(b"<=>?\x00\xff~z" + b"{|}\x7f") == (
        "0000  3c 3d 3e 3f 00 ff 7e 7a  <=>?..~z\n0008  7b 7c 7d 7f              {|}."
    )
    assert hexdump(b"") == ""


def test_an_archive_is_shown_as_a_list() -> None:
    view = drawn(shard({"a.jpg": photo("rocket"), "a.cls": b"1", "b.jpg": b"x"}))
    assert view.kind == "shard"
    assert [member.name for member in view.members] == ["a.jpg", "a.cls", "b.jpg"]
    assert view.count == 3
    assert view.more == {"samples": 2}
    assert view.caption.startswith("shard of 2 samples in 3 files")


def test_bad_samples_of_a_derived_shard_are_counted() -> None:
    content = shard({"a.jpg": photo("rocket"), "bad\n.jpg": b"no image"})
    made = ShardPipeline.parse("tar:on_bad=skip/resize:8/npy").encode(content)
    view = draw_shard(shard_members(made, LIMITS))
    assert view.more is not None
    assert (view.more["samples"], view.more["skipped"]) == (1, 1)
    (bad,) = view.more["bad"]
    assert (bad["sample"], bad["error"]) == ("bad\\x0a", "UnknownFormat")


@pytest.mark.parametrize("report", [b"", b"[]", b"{}", b"[" * 10**5, b'{"samples": [1]}'])
def test_any_file_may_have_the_name_of_the_report(report: bytes) -> None:
    view = draw_shard(shard_members(shard({"__jitprep__/skipped.json": report}), LIMITS))
    assert view.more == {"samples": 0}


@pytest.mark.parametrize(
    ("content", "error"), [(b"", EmptySource), (sound()[:-1000], CorruptSource)]
)
def test_damaged_objects_are_refused(content: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        drawn(content)


def test_views_become_json() -> None:
    from dataclasses import asdict

    contents = [
        *objects().values(),
        NPY,
        shard({"\udcff<b>".encode("utf-8", "replace").decode(): b"1"}, tarfile.PAX_FORMAT),
    ]
    for content in contents:
        assert json.loads(json.dumps(asdict(drawn(content))))["kind"]


@pytest.mark.parametrize(
    ("content", "size"),
    [(photo("retina"), (192, 192)), (clip(), (128, 96)), (sound(), (960, 160))],
    ids=["image", "video", "audio"],
)
def test_a_thumbnail_is_small(content: bytes, size: tuple[int, int]) -> None:
    desk = Desk()
    frame = draw_thumb(desk, Item("any", "any", None, content), LIMITS)
    assert frame is not None
    asset = desk.get(frame.asset)
    assert asset is not None
    assert (asset.width, asset.height) == size
    assert len(asset.body) == 4 * size[0] * size[1]


def test_text_has_no_thumbnail_and_what_no_pipeline_takes_is_refused() -> None:
    assert draw_thumb(Desk(), Item("any", "any", None, TEXT), LIMITS) is None
    with pytest.raises(UnknownFormat, match="a NumPy array"):
        draw_thumb(Desk(), Item("any", "any", None, NPY), LIMITS)
