"""The build context of Docker: only the files that the Dockerfile copies."""

from __future__ import annotations

import shutil
from pathlib import Path, PurePosixPath

import pytest

from .harness import ROOT, command, docker
from .test_image import files

# Files that editors, tools and people leave in the folder of a package.
STRAYS = (
    ".env",
    ".aws/credentials",
    ".aws/helper.py",
    "__pycache__/app.cpython-313.pyc",
    "app.py.swp",
    "app.py~",
    "app.py.orig",
    "notes.txt",
    "secrets.json",
)
FOLDERS = (
    "preprocessing",
    "preprocessing/decode",
    "handler",
    "jitprep",
    "jitprep/cli",
    "docker",
    "",
)


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> set[PurePosixPath]:
    """The files that the builder receives of a checkout with stray files."""
    checkout = tmp_path_factory.mktemp("checkout")
    for name in command("git", "ls-files").splitlines():
        if (ROOT / name).is_file():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, checkout / name)
    for folder in FOLDERS:
        for stray in STRAYS:
            place = checkout / folder / stray
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text("secret")
    Path(checkout, "Dockerfile").write_text("FROM scratch\nCOPY . /sent/\nCMD ['']\n")
    tag = "jitprep-test-context"
    docker("build", "--tag", tag, str(checkout), timeout=300)
    return {PurePosixPath(*path.parts[2:]) for path in files(tag) if path.parts[1] == "sent"}


def test_no_stray_file_is_sent(sent: set[PurePosixPath]) -> None:
    strays = {PurePosixPath(folder, stray) for folder in FOLDERS for stray in STRAYS}
    assert not sent & strays
    assert sent <= {PurePosixPath(name) for name in command("git", "ls-files").splitlines()}


def test_all_that_the_images_hold_is_sent(sent: set[PurePosixPath]) -> None:
    packages = ("preprocessing", "handler", "jitprep", "docker")
    tracked = command("git", "ls-files", *packages).splitlines()
    assert {PurePosixPath(name) for name in tracked} <= sent
