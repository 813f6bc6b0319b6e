"""What the wheel and the sdist hold."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

from tests.paths import ROOT

PACKAGES = ("preprocessing", "handler", "jitprep")


def tracked(*patterns: str) -> set[str]:
    """Return the files that git tracks, or would after `git add`."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    done = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True)
    return {name for name in done.stdout.splitlines() if (ROOT / name).is_file()}


@pytest.fixture
def contents(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture
def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode())


def test_the_wheel_holds_every_file_of_the_three_packages(contents: set[str]) -> None:
    files = {name for name in contents if ".dist-info/" not in name}
    assert files == tracked(*PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_is_typed(package: str, contents: set[str]) -> None:
    assert f"{package}/py.typed" in contents


def test_data_files_are_in_the_wheel(contents: set[str]) -> None:
    data = {Path(name).name for name in contents if name.endswith(".toml")}
    assert data == {"overheads.toml", "presets.toml", "prices.toml"}


def test_metadata(metadata: Message) -> None:
    assert metadata["License-Expression"] == "MIT"
    assert metadata.get_all("License-File") == ["LICENSE"]
    assert metadata.get_all("Project-URL")
    assert "Typing :: Typed" in metadata.get_all("Classifier", [])


def test_the_sdist_holds_every_tracked_file(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        files = {name.partition("/")[2] for name in archive.getnames()}
    assert tracked() <= files
    assert files - tracked() == {"PKG-INFO"}


@pytest.mark.parametrize("name", ["tests", "docs", "deploy", "bench", "soak", "fuzz", "tools"])
def test_an_editable_install_does_not_expose_the_checkout(name: str, tmp_path: Path) -> None:
    """This environment has jitprep installed as editable; `-I` ignores PYTHONPATH and the folder."""
    code = f"import importlib.util, preprocessing; print(importlib.util.find_spec({name!r}))"
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "None"
