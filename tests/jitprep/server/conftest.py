"""Folders that servers read, and a server of one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from jitprep.service.config import config
from jitprep.service.pipeline_choice import choose
from tests.photos import photo

from .running import PLAIN


@pytest.fixture(scope="session")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three photographs."""
    folder = tmp_path_factory.mktemp("photographs")
    for name in ("rocket", "coffee", "chelsea"):
        (folder / f"{name}.jpg").write_bytes(photo(name))
    return folder


@pytest.fixture
def own_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Read the settings anew, from an environment without any; set a variable by what this returns."""
    for name in set(os.environ) - PLAIN.keys():
        monkeypatch.delenv(name)
    monkeypatch.setenv("JITPREP_CONFIG", "")
    config.cache_clear()
    choose.cache_clear()
    yield monkeypatch
    config.cache_clear()
    choose.cache_clear()
