"""The examples of Lightning and of Hugging Face's Trainer: trainings that resume within an epoch."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OFFLINE = {"HF_HUB_OFFLINE": "1"}


@pytest.mark.parametrize("name", ["lightning_train", "hf_train"])
def test_a_resumed_training_has_the_losses_of_an_undisturbed_one(name):
    done = subprocess.run(
        [sys.executable, str(ROOT / f"examples/{name}.py")],
        env={**os.environ, **OFFLINE, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    *_, last = done.stdout.splitlines()
    assert last == "8 steps, equal losses with an interruption after 5"
    # Lightning warns of what it does itself. These would be warnings about the loader.
    assert "jitprep" not in done.stderr
    assert "read again" not in done.stderr
