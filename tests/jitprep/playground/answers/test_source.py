"""A source is seen without a pipeline."""

from __future__ import annotations

from pathlib import Path

import pytest

from jitprep.playground.answers import POSTS
from preprocessing import EmptySource
from tests.jitprep.playground.material import playground
from tests.media import objects


def test_an_object_of_each_kind_is_drawn(tmp_path: Path) -> None:
    for key, content in objects().items():
        file = tmp_path / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        seen = POSTS["source"](playground(tmp_path), {"source": {"place": "photos", "key": key}})
        kind = {"sound": "audio"}.get(key.partition("/")[0], key.partition("/")[0])
        assert seen["before"].kind == kind


def test_what_is_empty_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(EmptySource):
        POSTS["source"](playground(tmp_path), {"source": {"place": "photos", "key": "empty"}})
