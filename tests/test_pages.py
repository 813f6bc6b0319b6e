"""The code of the pages on pipelines and access points runs as written."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import preprocessing
from preprocessing import Pipeline

from .paths import ROOT


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, photos: dict[str, bytes]) -> Path:
    """The current folder, with a photograph in it and in a folder of its own."""
    for path in ("photo.jpg", "photos/rocket.jpg"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(photos["rocket.jpg"])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_three_spellings_are_one_value() -> None:
    line, document, python = blocks("pipelines/index.md", "text")[0].splitlines()
    parse = preprocessing.Pipeline.parse
    names = {name: getattr(preprocessing, name) for name in preprocessing.__all__}
    assert parse(line) == parse(document) == eval(python, names)


@pytest.mark.parametrize(
    "spec",
    [
        line.split("   ")[0]
        for page in ("pipelines/index.md", "pipelines/kinds.md", "training/views.md")
        for block in blocks(page, "text")
        for line in block.splitlines()
        if "tokenize" not in line  # needs a tokenizer file
    ],
)
def test_every_pipeline_that_is_shown_parses(spec: str) -> None:
    if not spec.startswith("Pipeline("):
        assert Pipeline.parse(spec)


@pytest.mark.usefixtures("folder")
def test_the_blocks_on_boxes_and_masks() -> None:
    names: dict[str, Any] = {}
    for code in blocks("pipelines/geometry.md", "python"):
        exec(code, names)
    assert names["geometry"].result == (640, 640)
    assert names["keep"].tolist() == [True]
    assert names["mask"].shape == (224, 224)


@pytest.mark.usefixtures("folder")
def test_the_librarys_block(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = blocks("pipelines/index.md", "python")
    exec(code, {})
    assert "Resample(" in capsys.readouterr().out


@pytest.mark.usefixtures("folder")
def test_the_blocks_on_views() -> None:
    names: dict[str, Any] = {}
    for code in blocks("training/views.md", "python"):
        exec(code, names)
    assert names["batch"].shape == (1, 2, 3, 224, 224)
    assert names["shapes"] == {"global": (2, 3, 224, 224), "local": (6, 3, 96, 96)}
    assert names["Crops"](["photo.jpg"])[0].keys() == names["shapes"].keys()


def test_the_commands_for_local_files(folder: Path) -> None:
    commands = [line for block in blocks("pipelines/files.md", "sh") for line in block.splitlines()]
    assert len(commands) == 3
    jitprep = str(Path(sys.executable).with_name("jitprep"))
    for command in commands:
        name, *arguments = shlex.split(command)
        assert name == "jitprep"
        subprocess.run(
            [jitprep, *arguments],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=True,
            capture_output=True,
        )
    assert (folder / "small/rocket.png").is_file()
    assert (folder / "sheet.png").is_file()


@pytest.mark.usefixtures("folder")
def test_the_access_points_blocks(local: Any, photos: dict[str, bytes]) -> None:
    create, everything = blocks("doors/access-point.md", "python")
    names: dict[str, Any] = {}
    exec(create.replace("http://127.0.0.1:9000", local.url), names)
    expected = Pipeline.parse("grayscale/resize:224,224/png").encode(photos["rocket.jpg"]).body
    assert names["by_alias"] == names["by_arn"] == expected
    exec(everything, names)
    imagenet = Pipeline.parse("resize:256/center_crop:224/npy")
    whole = imagenet.encode(photos["rocket.jpg"]).body
    assert names["head"]["ContentLength"] == len(whole)
    assert names["part"]["Body"].read() == whole[:100]


def test_the_command_line_reads_the_alias(local: Any, tmp_path: Path) -> None:
    """The AWS command line's block, where `jitprep up` is the endpoint of the tests."""
    alias = local.create_access_point("by-command", "photos", payload='{"spec": "resize:8,8/png"}')
    _, command = blocks("doors/access-point.md", "sh")
    script = command.replace("http://127.0.0.1:9000", local.url).replace("<alias>", alias)
    script = script.replace("photo.jpg", "rocket.jpg")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    subprocess.run(
        ["bash", "-euc", script],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        check=True,
        capture_output=True,
    )
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
