"""Thumbnails of the list of objects."""

from __future__ import annotations

import pytest

from tests.media import objects
from tests.photos import NAMES, photo

from ..browser import Browser
from ..material import playground


def test_each_source_has_a_thumbnail_or_says_why_not(tmp_path):
    for name in NAMES:
        (tmp_path / f"{name}.jpg").write_bytes(photo(name))
    for key, body in objects().items():
        (tmp_path / key).parent.mkdir(exist_ok=True)
        (tmp_path / key).write_bytes(body)
    (tmp_path / "broken.jpg").write_bytes(photo("rocket")[:100])
    keys = [*(f"{name}.jpg" for name in NAMES), *objects(), "broken.jpg", "missing.jpg"]
    made = playground(tmp_path)
    sources = [{"place": "photos", "key": key} for key in keys]
    thumbs = Browser(made).post("thumbs", {"sources": sources}).json()["thumbs"]
    found = dict(zip(keys, thumbs, strict=True))
    assert found["rocket.jpg"]["frame"]["width"] == 640
    assert found["missing.jpg"]["error"]["code"] == "NoSuchKey"
    assert found["broken.jpg"]["error"]["code"] == "CorruptObject"
    assert found["text/plain.txt"] == {"frame": None}
    for key, thumb in found.items():
        if frame := thumb.get("frame"):
            asset = made.desk.get(frame["asset"])
            assert 0 < max(asset.width, asset.height) <= 96, key
            assert len(asset.body) == asset.width * asset.height * 4
    assert sum(thumb.get("frame") is not None for thumb in thumbs) == len(NAMES) + 4


@pytest.mark.parametrize(
    "sources", [None, {}, [{"place": "photos", "key": "x"}] * 25, [{}], ["rocket.jpg"]]
)
def test_a_wrong_question_is_refused(sources):
    answer = Browser().post("thumbs", {"sources": sources})
    assert answer.status_code == 400
