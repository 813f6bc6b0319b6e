"""Folders that the commands read."""

from __future__ import annotations

import numpy as np
import pytest

from preprocessing import Media, Pipeline


@pytest.fixture
def folder(tmp_path, photos):
    source = tmp_path / "in"
    (source / "deeper").mkdir(parents=True)
    (source / "rocket.jpg").write_bytes(photos["rocket.jpg"])
    (source / "deeper" / "coffee.jpg").write_bytes(photos["coffee.jpg"])
    return source


@pytest.fixture
def sounds(tmp_path):
    source = tmp_path / "sounds"
    (source / "deeper").mkdir(parents=True)
    wav = Pipeline.parse("wav")
    for name, rate in (("low.wav", 8_000), ("deeper/high.wav", 48_000)):
        tone = np.sin(np.arange(rate) / 20)[None].repeat(2, axis=0).astype(np.float32)
        (source / name).write_bytes(wav.encode(Media(tone, "audio", rate)).body)
    return source
