"""Modules of steps: found by the variable and by entry points, and nothing is loaded without them."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.paths import ROOT

STEP = """
import preprocessing

class {name}(preprocessing.Step):
    version = 1
    random = False

    def apply(self, image, rng):
        return 255 - image
"""
PARSE = "from preprocessing import Pipeline; print(Pipeline.parse({spec!r}).steps)"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "one_step.py").write_text(STEP.format(name="OwnInvert"))
    (tmp_path / "another_step.py").write_text(STEP.format(name="Another"))
    return tmp_path


def python(folder: Path, code: str, steps: str = "") -> subprocess.CompletedProcess[str]:
    """Run code in a process that finds the modules of a folder."""
    path = os.pathsep.join((str(ROOT), str(folder)))
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**os.environ, "PYTHONPATH": path, "JITPREP_STEPS": steps},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def declare(folder: Path, *points: str, name: str = "own") -> None:
    """Install a package that declares entry points, as pip does."""
    info = folder / f"{name}-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    (info / "entry_points.txt").write_text("\n".join(("[jitprep.steps]", *points, "")))


def failed(done: subprocess.CompletedProcess[str]) -> str:
    """Return the last line of an error."""
    assert done.returncode != 0
    return done.stderr.splitlines()[-1]


def test_modules_of_the_variable_are_found(folder: Path) -> None:
    done = python(folder, PARSE.format(spec="own_invert/another/npy"), " one_step, another_step ,")
    assert (done.stdout, done.stderr) == ("(OwnInvert(), Another())\n", "")


@pytest.mark.parametrize("point", ["own = one_step:OwnInvert", "any = one_step"])
def test_entry_points_are_found(folder: Path, point: str) -> None:
    declare(folder, point)
    done = python(folder, PARSE.format(spec="own_invert/npy"))
    assert (done.stdout, done.stderr) == ("(OwnInvert(),)\n", "")


def test_both_ways_may_name_one_module(folder: Path) -> None:
    declare(folder, "a = one_step:OwnInvert", "b = another_step")
    done = python(folder, PARSE.format(spec="another/own_invert/npy"), "one_step")
    assert done.stdout == "(Another(), OwnInvert())\n"


def test_a_package_may_import_its_steps_from_elsewhere(folder: Path) -> None:
    (folder / "package").mkdir()
    (folder / "package/__init__.py").write_text("from one_step import OwnInvert\n")
    done = python(folder, PARSE.format(spec="own_invert/npy"), "package")
    assert done.stdout == "(OwnInvert(),)\n"


def test_nothing_is_loaded_for_those_who_have_none(folder: Path) -> None:
    """Not even where packages could declare some, until a step is not known."""
    declare(folder, "own = one_step")
    code = (
        "import sys; from preprocessing import Pipeline, SpecError\n"
        "Pipeline.parse('resize:8/npy')\n"
        "print([name for name in sys.modules if 'own_steps' in name or name == 'one_step'])\n"
    )
    assert python(folder, code, "one_step").stdout == "[]\n"


def test_without_declarations_the_metadata_of_packages_is_not_parsed() -> None:
    code = (
        "import sys; from preprocessing.own_steps.loading import load_steps; load_steps([])\n"
        "print('importlib.metadata' in sys.modules, 'preprocessing.own_steps.step' in sys.modules)\n"
    )
    path = os.pathsep.join((str(ROOT), sysconfig.get_path("purelib")))
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "False False\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "defines no step; write a class that derives from preprocessing.Step"),
        (
            "import nowhere_to_be_found\n",
            "cannot be imported: ModuleNotFoundError: No module named",
        ),
        ("x = 1\n1 / 0\n", "cannot be imported: ZeroDivisionError: division by zero, at "),
        ("def f(:\n", "cannot be imported: SyntaxError: "),
        (STEP.format(name="Resize"), "has the name of the library's step"),
        (STEP.format(name="Own").replace("version = 1", ""), "needs a version"),
    ],
)
def test_a_wrong_module_is_one_line(folder: Path, text: str, words: str) -> None:
    (folder / "wrong.py").write_text(text)
    line = failed(python(folder, PARSE.format(spec="own_invert/npy"), "one_step,wrong"))
    prefix = (
        "preprocessing.errors.SpecError: step 1 'own_invert': JITPREP_STEPS: the module 'wrong'"
    )
    assert line.startswith(prefix)
    assert words in line
    declare(folder, "a = wrong")
    line = failed(python(folder, PARSE.format(spec="own_invert/npy")))
    assert "the entry point a = 'wrong' of own in jitprep.steps" in line
    assert words in line


def test_a_module_that_is_not_there_is_named(folder: Path) -> None:
    line = failed(python(folder, PARSE.format(spec="own_invert/npy"), "missing"))
    assert line.endswith(
        "JITPREP_STEPS: the module 'missing' cannot be imported: ModuleNotFoundError: No module named "
        "'missing'; install it, or name its folder in PYTHONPATH"
    )


def test_two_modules_with_one_name_are_both_named(folder: Path) -> None:
    (folder / "twin.py").write_text(STEP.format(name="OwnInvert"))
    line = failed(python(folder, PARSE.format(spec="own_invert/npy"), "one_step,twin"))
    assert "the step 'own_invert' (twin.OwnInvert) has the name of" in line
    assert "the step 'own_invert' (one_step.OwnInvert); rename one" in line


def test_a_module_may_parse_pipelines_while_it_is_imported(folder: Path) -> None:
    (folder / "early.py").write_text(
        STEP.format(name="Early")
        + "\nfrom preprocessing import Pipeline\nPipeline.parse('early/npy')\n"
    )
    done = python(folder, PARSE.format(spec="early/own_invert/npy"), "early,one_step")
    assert done.stdout == "(Early(), OwnInvert())\n"


def test_a_pickled_pipeline_brings_its_module(folder: Path) -> None:
    """A worker of a loader has neither the variable nor the caller's imports."""
    dump = "import pickle, sys, one_step; from preprocessing import Pipeline\n"
    dump += "print(pickle.dumps(Pipeline.parse('own_invert/npy')).hex())"
    load = "import pickle; print(pickle.loads(bytes.fromhex({!r})))"
    pickled = python(folder, dump).stdout.strip()
    assert python(folder, load.format(pickled)).stdout == "own_invert/npy\n"
