"""The distributions of ``make dist``, and an environment that holds the wheel and its neighbours."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.paths import ROOT


def command(*arguments: str | Path, folder: Path, timeout: float = 300) -> str:
    """Run a command in a folder and return what it printed; fail the test if the command failed."""
    done = subprocess.run(
        list(map(str, arguments)),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )
    assert done.returncode == 0, f"{arguments} failed:\n{done.stdout}{done.stderr}"
    return done.stdout


def distribution(ending: str) -> Path:
    found = list((ROOT / "dist").glob(f"jitprep-*{ending}"))
    assert len(found) == 1, f"dist/ must hold one {ending}, made by `make dist`; found {found}"
    return found[0]


@pytest.fixture(scope="session")
def wheel() -> Path:
    return distribution(".whl")


@pytest.fixture(scope="session")
def sdist() -> Path:
    return distribution(".tar.gz")


@dataclass(frozen=True)
class Installed:
    """A virtual environment with the wheel.

    Parameters
    ----------
    bin : Path
        The folder of its commands.
    site_packages : Path
        The folder of its packages.
    added : set of str
        What installing the wheel without its dependencies added to `site_packages`.
    """

    bin: Path
    site_packages: Path
    added: set[str]


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Install the wheel, then what ``jitprep up`` needs, pytest, and the package `reader`."""
    folder = tmp_path_factory.mktemp("installed")
    uv = ROOT / ".venv-uv/bin/uv"  # `make test-packaging` made dist/ with it
    command(uv, "venv", "--quiet", "--python", sys.executable, folder / "v", folder=folder)
    (site_packages,) = (folder / "v").glob("lib/python*/site-packages")
    before = {path.name for path in site_packages.iterdir()}
    install = (uv, "pip", "install", "--quiet", "--no-deps", "--python", folder / "v")
    command(*install, wheel, folder=folder)
    added = {path.name for path in site_packages.iterdir()} - before
    for lock in ("endpoint", "packaging"):
        requirements = ROOT / f"requirements/{lock}.txt"
        command(*install, "--require-hashes", "--requirement", requirements, folder=folder)
    return Installed(folder / "v/bin", site_packages, added)
