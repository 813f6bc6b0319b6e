"""The training example, and the training code in the page on readers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def example(*arguments: str, name: str = "train.py") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", str(ROOT / "examples" / name), *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_losses_are_equal_in_every_way():
    done = example("--epochs", "2")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "6 steps, equal losses in 5 ways" in done.stdout
    rows = re.findall(r"^ +\d+((?: +\d\.\d{8}){5})$", done.stdout, re.MULTILINE)
    assert len(rows) == 6
    losses = [row.split() for row in rows]
    assert all(len(set(row)) == 1 for row in losses)
    assert len({row[0] for row in losses}) == 6


def test_losses_of_shards_are_those_of_single_photographs():
    done = example(name="train_shards.py")
    assert done.returncode == 0, done.stderr
    assert "8 steps, equal losses in 4 ways" in done.stdout


def test_the_pages_block_runs(photos, monkeypatch):
    page = (ROOT / "docs/training/reader.md").read_text(encoding="utf-8")
    (code,) = [
        text for text in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "torch" in text
    ]
    monkeypatch.setattr(
        "torch._utils.cpu_count", lambda: 4
    )  # the workers of the page, without a warning
    names = {"photos": photos, "keys": list(photos.keys())}
    exec(code, names)
    assert names["images"].shape == (12, 3, 16, 16)
    ((images, targets),) = names["loader"]
    assert images.shape == (12, 3, 16, 16)
    assert sorted(targets) == names["keys"]


def test_the_readmes_block_reads(photos):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (code,) = [
        text for text in re.findall(r"```python\n(.*?)```", readme, re.DOTALL) if "torch" in text
    ]
    assert "file:photos" in code
    names: dict[str, object] = {}
    exec(code.replace("file:photos", f"file:{photos.path}"), names)
    assert names["images"].shape == (12, 3, 224, 224)
    assert sorted(names["keys"]) == sorted(photos.keys())


def test_an_unknown_way_is_refused():
    done = example("window")
    assert done.returncode == 2
    assert "access-point" in done.stderr
