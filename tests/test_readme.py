"""The README: its size, and every command in it runs as written.

A fenced block is run here, or it is in `ELSEWHERE` with the file that runs it.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jitprep.emulator.testing import LocalObjectLambda
from preprocessing import Pipeline

from .paths import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
PYTHON = [code for language, code in BLOCKS if language == "python"]
COMMANDS = [
    line.partition("  #")[0].strip()
    for language, code in BLOCKS
    if language == "sh"
    for line in code.splitlines()
]
# What another test or a step of CI runs, and a line of the file that does it.
ELSEWHERE = {
    "make demo": (".ci/run", 'step "make demo" make demo\n'),
    "make test": (".ci/run", "    make test && return\n"),
    "pip install '.[play,server,reader]'": (
        "tests/packaging/test_install.py",
        "README_INSTALLS = ",
    ),
    "from jitprep import open_reader\nfrom jitprep.reader.torch": (
        "tests/torch/test_example.py",
        "def test_the_readmes_block_reads(",
    ),
}
HERE = (
    "jitprep serve photos/ --pipeline imagenet-uint8",
    "curl -fo rocket.npy http://127.0.0.1:8080/photos/rocket.jpg",
    "jitprep cost photos/*.jpg --pipeline imagenet-uint8",
    "photos = open_reader(",
    "p = Pipeline.parse(",
)
IMAGENET = Pipeline.parse("resize:256/center_crop:224/npy")


def block(containing: str) -> str:
    (found,) = [text for text in PYTHON if containing in text]
    return found


def is_one_of(block: str, starts: tuple[str, ...]) -> bool:
    return any(line.startswith(start) for line in block.splitlines() for start in starts)


def test_two_minutes_are_enough_to_read_it() -> None:
    assert len(README.encode()) <= 8192


def test_every_block_is_run_here_or_elsewhere() -> None:
    assert {language for language, _ in BLOCKS} == {"sh", "python"}
    known = (*HERE, *ELSEWHERE)
    assert [text for text in (*COMMANDS, *PYTHON) if not is_one_of(text, known)] == []
    assert [start for start in known if start not in "".join(text for _, text in BLOCKS)] == []


@pytest.mark.parametrize("start", ELSEWHERE)
def test_what_runs_elsewhere_is_there(start: str) -> None:
    path, line = ELSEWHERE[start]
    assert line in (ROOT / path).read_text(encoding="utf-8")


def test_its_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"`make ([a-z-]+)", README)) | {
        command.removeprefix("make ") for command in COMMANDS if command.startswith("make ")
    }
    assert targets >= {"demo", "test", "bench"}
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_its_extras_exist() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = set(",".join(re.findall(r"'\.\[([a-z,]+)\]'", README)).split(","))
    assert named >= {"reader", "torch", "cli", "server"}
    assert named <= project["optional-dependencies"].keys()


@pytest.fixture
def photo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, photos: dict[str, bytes]) -> bytes:
    """A folder with a photograph in it, which is the current folder."""
    body = photos["rocket.jpg"]
    (tmp_path / "photo.jpg").write_bytes(body)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/rocket.jpg").write_bytes(body)
    monkeypatch.chdir(tmp_path)
    return body


@pytest.mark.usefixtures("photo")
def test_the_librarys_block() -> None:
    lines = block("p = Pipeline.parse(").splitlines()
    names: dict[str, Any] = {}
    exec("\n".join(lines[:-2]), names)
    array, encoded = (eval(line, names) for line in lines[-2:])
    assert (array.shape, array.dtype) == ((3, 224, 224), "float32")
    assert encoded.body == names["p"].encode(Path("photo.jpg")).body


@pytest.mark.usefixtures("photo")
def test_the_cost_command() -> None:
    (command,) = [text for text in COMMANDS if text.startswith("jitprep cost")]
    jitprep = shlex.quote(str(Path(sys.executable).with_name("jitprep")))
    done = subprocess.run(
        ["bash", "-c", command.replace("jitprep", jitprep, 1)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert "Function URL" in done.stdout


@pytest.fixture
def served(photo: bytes) -> Iterator[str]:
    """The address of the README's server, on a free port."""
    (command,) = [text for text in COMMANDS if text.startswith("jitprep serve ")]
    arguments = [*shlex.split(command)[2:], "--port", "0"]
    process = subprocess.Popen(
        [sys.executable, "-m", "jitprep.server", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        yield process.stderr.readline().rpartition(" at ")[2].strip()
    finally:
        process.terminate()
        process.communicate(timeout=60)


def test_the_servers_commands(served: str, photo: bytes) -> None:
    (command,) = [text for text in COMMANDS if text.startswith("curl ")]
    subprocess.run(
        shlex.split(command.replace("http://127.0.0.1:8080", served)),
        check=True,
        capture_output=True,
    )
    assert Path("rocket.npy").read_bytes() == IMAGENET.encode(photo).body


@pytest.fixture
def doors(
    object_lambda_endpoint: Any, photo: bytes, served: str, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """The README's addresses, and those that reach a local endpoint."""
    settings = {"JITPREP_BUCKETS": "photos", "JITPREP_REQUEST_OVERRIDES": "pipeline"}
    local: LocalObjectLambda = object_lambda_endpoint(
        task_root=ROOT, workers=1, worker_env=settings
    )
    s3 = local.client("s3")
    s3.create_bucket(Bucket="photos")
    s3.put_object(Bucket="photos", Key="rocket.jpg", Body=photo)
    alias = local.create_access_point(
        "photos", "photos", payload='{"pipeline": "imagenet-uint8"}', actions=["GetObject"]
    )
    for name, value in {
        "AWS_ENDPOINT_URL": local.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    return {
        "s3://photos": "s3://photos",
        "http://127.0.0.1:8080/photos": f"{served}/photos",
        "https://<id>.lambda-url.us-east-1.on.aws/photos": f"{local.function_url()}/photos",
        "lambda:preprocess/photos": "lambda:preprocess/photos",
        "s3://<alias>": f"s3://{alias}",
    }


def test_the_same_lines_on_s3(doors: dict[str, str], photo: bytes) -> None:
    lines = block('photos = open_reader("lambda:').splitlines()
    assert len(lines) == len(doors)
    expected = IMAGENET(photo)
    for line, (there, here) in zip(lines, doors.items(), strict=True):
        names: dict[str, Any] = {}
        exec(f"from jitprep import open_reader\n{line.replace(there, here)}", names)
        assert there in line
        assert (names["photos"].get("rocket.jpg") == expected).all()
