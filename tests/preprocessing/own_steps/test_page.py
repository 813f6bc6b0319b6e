"""The page on steps of one's own, and its example, say what holds and run as written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import preprocessing
from tests.paths import ROOT
from tests.photos import photo

PAGE = (ROOT / "docs/pipelines/own-steps.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "examples/own_steps"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the page's module and a photograph."""
    (tmp_path / "my_steps.py").write_text(blocks("python")[0])
    (tmp_path / "photo.jpg").write_bytes(photo("rocket"))
    return tmp_path


def run(folder: Path, *command: str) -> str:
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path, "PYTHONPATH": os.pathsep.join((str(ROOT), "."))},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_commands(folder: Path) -> None:
    (commands,) = blocks("sh")
    commands = commands.replace("PYTHONPATH=.", "PYTHONPATH=.:$PYTHONPATH")
    assert "film_grain(20)" in run(folder, "bash", "-euc", commands)
    assert (folder / "grainy.png").read_bytes().startswith(b"\x89PNG")


def test_the_code(folder: Path) -> None:
    _, python, doubled, numbers, test = blocks("python")
    for code in (python, numbers):
        run(folder, sys.executable, "-c", code)
    (folder / "doubled.py").write_text(doubled)
    checks = "from preprocessing.testing import check_step; from doubled import Doubled\n"
    checks += "import numpy; check_step(Doubled())\n"
    run(folder, sys.executable, "-c", checks)
    run(folder, sys.executable, "-c", f"{test}\ntest_film_grain_keeps_its_promises()\n")


def test_the_example_has_the_pages_step_and_image() -> None:
    module = (EXAMPLE / "my_steps.py").read_text(encoding="utf-8")
    step = blocks("python")[0].partition("class ")[2].rstrip()
    assert f"class {step}\n" in module
    dockerfile = (EXAMPLE / "Dockerfile").read_text(encoding="utf-8")
    (shown,) = blocks("dockerfile")
    assert dockerfile.endswith(shown)


def test_the_example_needs_albumentations_only_where_it_is_used() -> None:
    code = (
        "import sys; import my_steps; from preprocessing import Pipeline\n"
        "p = Pipeline.parse('resize:8,8/film_grain/phone_camera:1/npy')\n"
        "print(p.output.shape, 'albumentations' in sys.modules)"
    )
    assert run(EXAMPLE, sys.executable, "-c", code) == "(3, 8, 8) False\n"


def test_the_table_has_every_attribute_and_default() -> None:
    rows = dict(re.findall(r"^\| `(?:def )?(\w+)[^|]*\| ([^|]*) \|", PAGE, re.MULTILINE))
    written = {"random": "`True`", "strided": "`False`", "version": "required"}
    for name, default in written.items():
        assert rows[name] == default
    assert rows["input_kinds"] == f"`{preprocessing.Step.input_kinds!r}`".replace("'", '"')
    known = {*preprocessing.Step.__annotations__, "version", "name", "random"}
    known |= {"input_kinds", "output_kind", "result", "temporaries"}
    assert rows.keys() == known
