"""A server with a step of one's own: it serves it, and refuses a wrong module at its start."""

from __future__ import annotations

import os
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from tests.paths import ROOT

from ..running import PLAIN, eventually, serving

STEPS = """
import preprocessing

class Mirrored(preprocessing.Step):
    version = 1
    random = False

    def apply(self, image, rng):
        return image[:, ::-1]

class Broken(preprocessing.Step):
    version = 1

    def apply(self, image, rng):
        return image.no_such_method()
"""


@pytest.fixture
def module(tmp_path: Path) -> Path:
    (tmp_path / "served_steps.py").write_text(STEPS)
    return tmp_path


def configured(folder: Path, photographs: Path, **pipelines: str) -> Path:
    """Write a configuration with a mount for each pipeline."""
    mounts = "".join(
        f'[mounts.{name}]\nsource = "{photographs}"\npipeline = "{line}"\nanonymous = true\n'
        for name, line in pipelines.items()
    )
    path = folder / "jitprep.toml"
    path.write_text(f'workers = 1\nsteps = ["served_steps"]\n{mounts}')
    return path


def test_a_server_serves_it(module: Path, photographs: Path, tmp_path: Path) -> None:
    path = configured(
        tmp_path,
        photographs,
        mirrored="mirrored/resize:8,8/npy",
        library="horizontal_flip/resize:8,8/npy",
        broken="resize:8,8/broken/npy",
    )
    places = os.pathsep.join((str(ROOT), str(module)))
    with serving(tmp_path, "--config", path, PYTHONPATH=places) as server:
        own, library = (server.ask(f"/{mount}/rocket.jpg") for mount in ("mirrored", "library"))
        assert (own.status, library.status) == (200, 200)
        found, expected = (np.load(BytesIO(answer.body)) for answer in (own, library))
        np.testing.assert_allclose(found.astype(int), expected.astype(int), atol=1)
        assert own.headers["etag"] != library.headers["etag"]
        failed = server.ask("/broken/rocket.jpg")
        assert failed.error == (500, "StepFailed")
        assert b"the step 'broken' (served_steps.Broken) raised AttributeError" in failed.body
        lines = eventually(
            lambda: [x for x in server.log_file.read_text().splitlines() if "AttributeError" in x]
        )
    assert "served_steps.py" in lines[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import nothing_of_this_name\n", "the module 'served_steps' cannot be imported: Module"),
        ("x = 1\n", "the module 'served_steps' defines no step"),
        (STEPS.replace("class Mirrored", "class Resize"), "the name of the library's step"),
    ],
)
def test_a_wrong_module_ends_the_start(
    module: Path, photographs: Path, tmp_path: Path, text: str, words: str
) -> None:
    path = configured(tmp_path, photographs, small="resize:8/npy")
    (module / "served_steps.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "jitprep.server", "--config", str(path), "--check"],
        env={**PLAIN, "PYTHONPATH": os.pathsep.join((str(ROOT), str(module)))},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {path}: steps: ") and done.stderr.count("\n") == 1
    assert words in done.stderr


def test_the_function_takes_it_and_refuses_to_start_without(module: Path) -> None:
    code = (
        "import handler.app\n"
        "from jitprep.service.pipeline_choice import choose\n"
        "import json; print(choose(json.dumps({'spec': 'mirrored/npy'}), None))"
    )
    environment = {
        **PLAIN,
        "AWS_DEFAULT_REGION": "us-east-1",
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(module))),
    }
    for steps, status in (("served_steps", 0), ("served_steps,other_steps", 1)):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**environment, "JITPREP_STEPS": steps},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == status, done.stderr
        if status:
            assert "JITPREP_STEPS: the module 'other_steps' cannot" in done.stderr.splitlines()[-1]
        else:
            assert done.stdout == "mirrored/npy\n"
