"""Presets and limits from the environment, and wrong ones named."""

from __future__ import annotations

import re

import pytest

from jitprep.service.config import config
from preprocessing import Pipeline


@pytest.fixture(autouse=True)
def fresh_config(monkeypatch):
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    config.cache_clear()
    yield
    config.cache_clear()


def test_every_preset_of_the_image_parses():
    for name, spec in config().presets.items():
        assert Pipeline.parse(spec), name
    assert config().default_preset in config().presets


def test_presets_can_be_replaced(monkeypatch, tmp_path):
    path = tmp_path / "presets.toml"
    path.write_text(
        'default = "small"\n[presets.small]\nversion = 1\nencode = {png = {}}\n'
        "steps = [{resize = {size = 8}}]\n"
    )
    monkeypatch.setenv("JITPREP_PRESETS", str(path))
    config.cache_clear()
    assert str(Pipeline.parse(config().presets["small"])) == "resize:8/png"


@pytest.mark.parametrize("text", ["", "[presets]", "default = 1 2", 'default = "x"'])
def test_a_wrong_presets_file_is_named(monkeypatch, tmp_path, text):
    path = tmp_path / "presets.toml"
    path.write_text(text)
    monkeypatch.setenv("JITPREP_PRESETS", str(path))
    config.cache_clear()
    with pytest.raises(ValueError, match=re.escape(str(path))):
        config()


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5"])
def test_a_wrong_limit_is_named(monkeypatch, text):
    monkeypatch.setenv("JITPREP_MAX_PIXELS", text)
    config.cache_clear()
    with pytest.raises(ValueError, match="JITPREP_MAX_PIXELS"):
        config()
