"""What the parent process hands to its workers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jitprep.server import supervisor


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    for name in ("JITPREP_MEMORY", "JITPREP_CPUS", supervisor.FOLDER_VARIABLE):
        monkeypatch.setenv(name, "")  # so that it is restored, whatever the supervisor sets
        monkeypatch.delenv(name)
    config = tmp_path / "jitprep.toml"
    config.write_text('memory = "300MB"\n')
    monkeypatch.setenv("JITPREP_CONFIG", str(config))
    return monkeypatch


@pytest.mark.usefixtures("environment")
def test_the_memory_in_the_file_is_that_of_a_worker(tmp_path):
    supervisor._share(2, tmp_path)
    assert "JITPREP_MEMORY" not in os.environ


def test_without_one_workers_have_equal_shares(environment, tmp_path):
    environment.setenv("JITPREP_CONFIG", "")
    supervisor._share(2, tmp_path)
    assert int(os.environ["JITPREP_MEMORY"]) > 0
