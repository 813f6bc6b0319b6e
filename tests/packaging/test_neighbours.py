"""The wheel beside packages, folders and modules that have the names of ours."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

import pytest

from jitprep.emulator.testing import LocalObjectLambda, RunningEndpoint
from preprocessing import Pipeline
from tests.photos import photo

from .conftest import Installed, command

# A function of the user's own, in a module with the name of our package.
HANDLER = """
import boto3

def greet(event, context):
    where = event["getObjectContext"]
    boto3.client("s3").write_get_object_response(
        RequestRoute=where["outputRoute"], RequestToken=where["outputToken"], Body=b"hello"
    )
"""
TEST = """
import cli, emulator

def test_ours(object_lambda_endpoint):
    assert (cli.OWNER, emulator.OWNER) == ("user", "user")
    local = object_lambda_endpoint(handler="handler.greet")
    s3 = local.client("s3")
    s3.create_bucket(Bucket="texts")
    alias = local.create_access_point("greeting", "texts")
    assert s3.get_object(Bucket=alias, Key="a.txt")["Body"].read() == b"hello"
"""
SPEC = "grayscale/resize:24,24/png"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A user's project with `emulator/`, `cli/` and `handler.py`."""
    for name in ("emulator", "cli"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text('OWNER = "user"\n')
    (tmp_path / "handler.py").write_text(HANDLER)
    (tmp_path / "test_ours.py").write_text(TEST)
    return tmp_path


@pytest.fixture
def endpoint(installed: Installed, project: Path) -> Iterator[LocalObjectLambda]:
    """``jitprep up`` in the user's project."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    process = subprocess.Popen(
        [installed.bin / "jitprep", "up", "--port", "0", "--workers", "1"],
        cwd=project,
        env=environment | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    with process:
        first = process.stdout.readline()
        url = re.search(r"http://\S+", first)
        try:
            assert url, first + process.stdout.read()
            yield LocalObjectLambda(RunningEndpoint(url[0]))
        finally:
            process.terminate()


def test_site_packages_gains_exactly_three_packages(installed: Installed) -> None:
    (metadata,) = (name for name in installed.added if name.endswith(".dist-info"))
    assert metadata.startswith("jitprep-")
    assert installed.added - {metadata} == {"preprocessing", "handler", "jitprep"}


def _files(distribution: Distribution) -> set[str]:
    rows = csv.reader((distribution.read_text("RECORD") or "").splitlines())
    return {row[0] for row in rows if not row[0].startswith("../")}


def test_no_file_belongs_to_two_distributions(installed: Installed) -> None:
    """`reader` is a package on PyPI; ours is `jitprep.reader`."""
    found = {
        each.metadata["Name"].lower(): _files(each)
        for each in distributions(path=[str(installed.site_packages)])
    }
    ours = found.pop("jitprep")
    assert {"reader", "pytest"} <= found.keys()
    assert not {name for name, files in found.items() if files & ours}
    python = installed.bin / "python"
    code = "import reader, jitprep.reader; print(reader.make_reader, jitprep.reader.open_reader)"
    command(python, "-I", "-c", code, folder=installed.bin)


def test_pytest_runs_in_the_users_project(installed: Installed, project: Path) -> None:
    out = command(installed.bin / "python", "-m", "pytest", "-q", folder=project)
    assert "1 passed" in out


def test_jitprep_up_runs_its_own_function_in_the_users_project(
    endpoint: LocalObjectLambda,
) -> None:
    s3 = endpoint.client("s3")
    s3.create_bucket(Bucket="photos")
    s3.put_object(Bucket="photos", Key="rocket.jpg", Body=photo("rocket"))
    alias = endpoint.create_access_point("small", "photos", payload=json.dumps({"spec": SPEC}))
    body = s3.get_object(Bucket=alias, Key="rocket.jpg")["Body"].read()
    assert body == Pipeline.parse(SPEC).encode(photo("rocket")).body
