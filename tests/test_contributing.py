"""The examples in CONTRIBUTING.md work as they stand: added to a copy of the checkout, they pass."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from .paths import ROOT

FILE = re.compile(
    r"a new file `(\S+)` in `(\S+)`\s+```python\n(.*?)^```$", re.DOTALL | re.MULTILINE
)


def examples() -> Mapping[str, str]:
    """Return the text of each file that the guide adds, by its path."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return {f"{folder}/{name}": code for name, folder, code in FILE.findall(text)}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the examples need, with the examples."""
    for folder in ("preprocessing", "jitprep", "handler", "tools", "tests"):
        skipped = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=skipped)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for path, code in examples().items():
        assert not (tmp_path / path).exists(), f"{path} exists; take another example"
        (tmp_path / path).write_text(code, encoding="utf-8")
    return tmp_path


def run(checkout: Path, module: str, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


def test_the_examples_pass_their_tests(checkout: Path) -> None:
    tests = [path for path in examples() if path.startswith("tests/")]
    assert len(tests) == 3  # a step, an encoding, a door
    run(checkout, "tools.catalogue")
    run(checkout, "ruff", "check", "--quiet", *examples())
    run(checkout, "ruff", "format", "--check", "--quiet", *examples())
    run(checkout, "pytest", "-q", "-p", "no:cacheprovider", *tests)
