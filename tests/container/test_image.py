"""The built image: small, unprivileged, and without anything that the function does not run."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
from pathlib import Path, PurePosixPath

import pytest

from .harness import ROOT, command, docker, python_image

MEGABYTE = 1_000_000
COMPILERS = re.compile(r"(gcc|g\+\+|cc|c\+\+|cc1|clang|ld|as|rustc|go|make)(-\d+)?")

# Every transform without required arguments, with the hash of its result.
RUN_EACH = """
import hashlib
import numpy as np
from preprocessing import TRANSFORMS, Pipeline
from preprocessing.spec.step import required

y, x, c = np.ogrid[:70, :90, :3]
picture = (128 + 90 * np.sign((x - 40) ** 2 + (y - 30) ** 2 - 500) + x * y % 31 + 5 * c).astype("u1")
for name in sorted(TRANSFORMS):
    if not required(TRANSFORMS[name]) and "image" in TRANSFORMS[name].input_kinds:
        body = Pipeline.parse(name).encode(picture).body
        print(name, hashlib.sha256(body).hexdigest())
"""


def files(image: str) -> dict[PurePosixPath, int]:
    """Return every regular file in the image with its size."""
    identifier = docker("create", image)
    try:
        command = ["docker", "export", identifier]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as export:
            assert export.stdout is not None
            with tarfile.open(fileobj=export.stdout, mode="r|") as archive:
                return {PurePosixPath("/", m.name): m.size for m in archive if m.isfile()}
    finally:
        docker("rm", identifier)


@pytest.fixture(scope="module")
def function_files(function_image: str) -> dict[PurePosixPath, int]:
    return files(function_image)


@pytest.fixture(scope="module")
def added(function_files: dict[PurePosixPath, int]) -> set[PurePosixPath]:
    """The files that are not in the Python base image."""
    return function_files.keys() - files(python_image()).keys()


def sources(package: str) -> set[str]:
    return {
        str(path.relative_to(ROOT))
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def under(folder: str, paths: set[PurePosixPath]) -> set[PurePosixPath]:
    return {path.relative_to(folder) for path in paths if path.is_relative_to(folder)}


def test_the_whole_image_unpacks_to_at_most_420_mb(
    function_files: dict[PurePosixPath, int],
) -> None:
    assert sum(function_files.values()) <= 420 * MEGABYTE


def test_the_task_root_holds_the_library_the_service_the_handler_and_the_server_alone(
    added: set[PurePosixPath],
) -> None:
    shipped = {str(path) for path in under("/var/task", added) if path.suffix != ".pyc"}
    rooms = (sources(f"jitprep/{room}") for room in ("service", "server", "sigv4"))
    ours = {"jitprep/__init__.py"}.union(*rooms)
    assert shipped == sources("preprocessing") | sources("handler") | ours


def test_nothing_else_is_added_but_dependencies_the_emulator_and_the_entry_script(
    added: set[PurePosixPath],
) -> None:
    places = ("/var/task", "/opt/python")
    elsewhere = {str(path) for path in added if not any(path.is_relative_to(p) for p in places)}
    assert elsewhere - {"/.dockerenv"} == {
        "/usr/local/bin/aws-lambda-rie",
        "/usr/local/bin/jitprep-entrypoint",
    }


def test_no_tests_installers_or_scripts_come_with_the_dependencies(
    added: set[PurePosixPath],
) -> None:
    unwanted = {"tests", "bin", "pip", "setuptools", "wheel", ".cache"}
    assert not {str(p) for p in under("/opt/python", added) if unwanted & set(p.parts)}


def test_there_is_no_compiler(function_files: dict[PurePosixPath, int]) -> None:
    assert not {str(path) for path in function_files if COMPILERS.fullmatch(path.name)}


def test_every_module_is_compiled(added: set[PurePosixPath]) -> None:
    modules = {path for path in added if path.suffix == ".py"}
    compiled = {
        path.parent.parent / f"{path.name.split('.')[0]}.py"
        for path in added
        if path.suffix == ".pyc"
    }
    assert modules
    assert modules == compiled


def test_every_transform_runs_and_gives_the_same_bytes(function_image: str) -> None:
    """`docker/strip.sh` removes nothing that a step needs."""
    here = command(sys.executable, "-c", RUN_EACH)
    there = docker("run", "--rm", "--entrypoint", "python", function_image, "-c", RUN_EACH)
    assert {"clahe", "denoise_tv", "sobel", "hog"} <= {
        line.split()[0] for line in here.splitlines()
    }
    assert there == here


@pytest.mark.parametrize(
    ("image", "gpl"), [("function_image", False), ("video_image", True), ("endpoint_image", False)]
)
def test_it_holds_the_licences_of_what_it_bundles(
    image: str, gpl: bool, request: pytest.FixtureRequest
) -> None:
    tag = request.getfixturevalue(image)
    text = docker("run", "--rm", "--entrypoint", "cat", tag, "/opt/python/THIRD-PARTY-LICENSES")
    assert "Redistribution and use in source and binary forms" in text
    assert "Licence: MIT-CMU" in text  # Pillow's
    assert ("Bundles libx264: GPL-2.0-or-later" in text) == gpl
    assert ("GNU General Public License" in text.partition("=" * 80)[0]) == gpl


@pytest.mark.parametrize("image", ["function_image", "endpoint_image"])
def test_it_does_not_run_as_root(image: str, request: pytest.FixtureRequest) -> None:
    tag = request.getfixturevalue(image)
    uid = docker(
        "run", "--rm", "--entrypoint", "python", tag, "-c", "import os; print(os.getuid())"
    )
    assert int(uid) > 0


def test_a_plain_build_makes_the_function(function_image: str, tmp_path: Path) -> None:
    docker("build", "--iidfile", str(tmp_path / "id"), ".", timeout=600)
    plain, function = (
        docker("image", "inspect", "--format", "{{json .Config}}", image)
        for image in ((tmp_path / "id").read_text(), function_image)
    )
    assert plain == function
