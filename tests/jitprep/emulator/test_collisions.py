"""The current folder may hold modules with the names of ours."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from jitprep.emulator import Endpoint, EndpointConfig
from jitprep.emulator.testing import LocalObjectLambda, RunningEndpoint

JITPREP = Path(sys.executable).with_name("jitprep")
FOLDERS = ("emulator", "cli", "reader", "backfill", "costs", "service")
PRESETS = 'default = "tiny"\n[presets]\ntiny = "resize:4,4/npy"\n'
TEST = """
import json

def test_a_read(object_lambda_endpoint):
    local = object_lambda_endpoint(workers=1)
    asked = json.dumps({"bucket": "photos", "key": "k"})
    answer = json.load(
        local.client("lambda").invoke(FunctionName="preprocess", Payload=asked)["Payload"]
    )
    assert "statusCode" in answer, answer
"""


def unrelated(path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("raise SystemExit('this module is not for jitprep')\n")
    return path


@pytest.fixture
def folder(tmp_path):
    """A folder with modules of a user's, none of them to be imported."""
    unrelated(tmp_path / "handler.py")
    for name in FOLDERS:
        unrelated(tmp_path / name / "__init__.py")
    return tmp_path


def invoked(local: LocalObjectLambda, payload: object):
    sent = json.dumps(payload)
    return json.load(
        local.client("lambda").invoke(FunctionName="preprocess", Payload=sent)["Payload"]
    )


def test_up_serves_reads_beside_a_users_own_modules(folder, monkeypatch):
    for name in ("moto", "awslambdaric", "preprocessing", "jitprep", "numpy", "starlette"):
        unrelated(folder / f"{name}.py")
    (folder / "presets.toml").write_text(PRESETS)
    monkeypatch.setenv("JITPREP_PRESETS", "presets.toml")  # relative to the folder, as for `up`
    picture = BytesIO()
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(picture, "png")
    with subprocess.Popen(
        [JITPREP, "up", "--port", "0", "--workers", "1", "--bucket", "photos"],
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        url = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert url
        local = LocalObjectLambda(RunningEndpoint(url.group()))
        local.client("s3").put_object(Bucket="photos", Key="k", Body=picture.getvalue())
        answer = invoked(local, {"bucket": "photos", "key": "k"})
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert answer["statusCode"] == 200, answer


@pytest.mark.parametrize(
    "command", [[sys.executable, "-m", "pytest"], [Path(sys.executable).with_name("pytest")]]
)
def test_pytest_runs_the_fixture_beside_a_users_own_modules(folder, command):
    (folder / "test_example.py").write_text(TEST)
    done = subprocess.run(
        [*command, "-q", "-p", "no:cacheprovider"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_handler_of_the_users_own_comes_from_the_current_folder(tmp_path, monkeypatch):
    (tmp_path / "app.py").write_text("import os\n\ndef f(event, context):\n    return os.getcwd()")
    monkeypatch.chdir(tmp_path)
    with Endpoint(EndpointConfig(port=0, handler="app.f", workers=1)) as endpoint:
        assert invoked(LocalObjectLambda(endpoint), {}) == str(tmp_path)


@pytest.mark.parametrize("name", ["handler", "preprocessing"])
def test_the_wrong_module_is_named_where_the_own_handler_cannot_start(tmp_path, name):
    (tmp_path / f"{name}.py").write_text("# of another project\n")
    config = EndpointConfig(port=0, workers=1, task_root=tmp_path)
    with Endpoint(config) as endpoint:
        error = invoked(LocalObjectLambda(endpoint), {})["errorMessage"]
    file = tmp_path / f"{name}.py"
    assert f"The module '{name}' was imported from {file}, which does not belong" in error
    assert f"Rename {file}" in error


def test_a_handler_that_is_not_in_the_task_root_is_named(tmp_path):
    config = EndpointConfig(port=0, workers=1, task_root=tmp_path, handler="json.f")
    with Endpoint(config) as endpoint:
        error = invoked(LocalObjectLambda(endpoint), {})["errorMessage"]
    assert f"'json' was imported from {json.__file__}" in error
    assert f"the task root {tmp_path} has no module of that name" in error


@pytest.mark.parametrize("name", ["Pipeline", "open_reader"])
def test_a_module_called_preprocessing_beside_a_notebook_is_named(tmp_path, name):
    file = tmp_path / "preprocessing.py"
    file.write_text("# of another project\n")
    done = subprocess.run(
        [sys.executable, "-c", f"from jitprep import {name}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    message = done.stderr.splitlines()[-1]
    assert message.startswith(f"ImportError: The module 'preprocessing' was imported from {file},")
    assert "Rename that file" in message
