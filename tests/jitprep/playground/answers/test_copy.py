"""What is copied works as it is: it is loaded, parsed or run, for keys of any characters too."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import subprocess
import sys
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitprep.playground.answers.copy import answer
from jitprep.playground.asks import AskRefused
from jitprep.server.configuration.settings import ServerSettings
from jitprep.service.config import config
from jitprep.service.pipeline_choice import choose
from preprocessing import Pipeline, Seed, SpecError, parse_pipeline
from tests.photos import photo

from ....preprocessing.strategies import pipelines
from ..material import HOSTILE, playground

LINE = "resize:64/random_crop:32/horizontal_flip/npy"


def copied(place: Path | str | None = None, **asked: Any) -> dict[str, Any]:
    """Return each snippet's text by its name, as the page gets it; and the preset file."""
    body = {"pipeline": LINE, "off": [], "seed": 0, "source": None, **asked}
    found = answer(playground(place), body)
    texts: dict[str, Any] = {snippet.name: snippet.text for snippet in found["snippets"]}
    assert json.dumps(texts)
    assert all(snippet.label and snippet.language for snippet in found["snippets"])
    return {**texts, "preset": found["preset"]}


@pytest.fixture(params=HOSTILE)
def hostile(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str]:
    """A folder with a photograph under a key, in a folder of a strange name."""
    key: str = request.param
    folder = tmp_path / 'it\'s $HOME "x"'
    path = folder / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(photo("rocket"))
    return folder, key


def run(text: str, into: Path) -> subprocess.CompletedProcess[str]:
    """Run commands as a shell does that they are pasted into."""
    into.mkdir(exist_ok=True)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-ec", text],
        cwd=into,
        env={**os.environ, "PATH": path, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done


def source(key: str) -> dict[str, str]:
    return {"place": "photos", "key": key}


@given(pipelines(several=True), st.sampled_from(["", "tar/", "tar:on_bad=skip,members=jpg/"]))
def test_every_spelling_is_the_same_pipeline(pipeline: Pipeline, tar: str) -> None:
    line = f"{tar}{pipeline}"
    found = copied(pipeline=line)
    for name in ("line", "json", "toml"):
        assert parse_pipeline(found[name]) == parse_pipeline(line), name
    assert choose(found["payload"], None) == parse_pipeline(line)
    assert parse_pipeline(tomllib.loads(found["mount"])["mounts"]["photos"]["pipeline"])


@given(pipelines(), st.sets(st.integers(0, 6)))
def test_steps_that_are_off_are_not_copied(pipeline: Pipeline, off: set[int]) -> None:
    try:
        found = copied(pipeline=str(pipeline), off=sorted(off))
    except SpecError:
        return
    kept = [step for place, step in enumerate(pipeline.steps) if place not in off]
    if not any(step.name == "views" for step in pipeline.steps):
        assert list(Pipeline.parse(found["line"]).steps) == kept


def test_python_computes_the_same_as_the_page(hostile: tuple[Path, str], tmp_path: Path) -> None:
    folder, key = hostile
    found = copied(folder, source=source(key), seed=3)
    expected = Pipeline.parse(LINE)((folder / key).read_bytes(), seed=Seed(3, key))
    for name in ("python", "reader"):
        spaces: dict[str, Any] = {}
        exec(compile(found[name], name, "exec"), spaces)
        assert np.array_equal(spaces["result"], expected), name


def test_commands_run(hostile: tuple[Path, str], tmp_path: Path) -> None:
    folder, key = hostile
    found = copied(folder, source=source(key), seed=3)
    run(found["run"], tmp_path / "out")
    assert np.load(tmp_path / "out/result.npy").shape == (3, 32, 32)


def test_the_other_commands_run(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    for number in range(4):
        (tmp_path / f"photos/{number}.jpg").write_bytes(photo("rocket"))
    found = copied(tmp_path / "photos", source=source("0.jpg"))
    assert "resize" in run(found["plan"], tmp_path).stdout
    run(found["preview"], tmp_path)
    assert (tmp_path / "preview.png").read_bytes().startswith(b"\x89PNG")
    assert "epoch" in run(found["cost"], tmp_path).stdout.lower()
    words = [*shlex.split(found["read"]), "--batches", "1", "--batch-size", "2", "--workers", "0"]
    assert run(shlex.join(words), tmp_path).stdout


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Set a variable, and read the configuration anew."""

    def forget() -> None:
        config.cache_clear()
        choose.cache_clear()

    def set_variable(name: str, value: Path) -> None:
        monkeypatch.setenv(name, str(value))
        forget()

    forget()
    yield set_variable
    monkeypatch.undo()
    forget()


def test_the_server_reads_the_mount(
    hostile: tuple[Path, str], tmp_path: Path, configured: Any
) -> None:
    folder, key = hostile
    path = tmp_path / "jitprep.toml"
    path.write_text(copied(folder, source=source(key))["mount"], encoding="utf-8")
    configured("JITPREP_CONFIG", path)
    mount = ServerSettings.read().mounts["photos"]
    assert mount.url.host == str(folder)
    assert str(choose(mount.configuration, None)) == LINE
    assert mount.policy.overrides == {"seed"}


def test_a_mount_of_nothing_yet_is_one_to_fill_in(tmp_path: Path, configured: Any) -> None:
    path = tmp_path / "jitprep.toml"
    path.write_text(copied()["mount"])
    configured("JITPREP_CONFIG", path)
    assert ServerSettings.read().mounts["photos"].url.place == "s3://my-photos"


def test_the_presets_file_has_the_pipeline_and_the_presets_that_were_there(
    tmp_path: Path, configured: Any
) -> None:
    before = config().presets
    preset = copied(pipeline="resize:64/npy", off=[0])["preset"]
    path = tmp_path / preset["filename"]
    path.write_text(preset["text"])
    configured("JITPREP_PRESETS", path)
    assert str(choose("", None)) == "npy"
    assert config().presets == {**before, "mine": "npy"}


def test_a_preset_keeps_its_name(tmp_path: Path, configured: Any) -> None:
    path = tmp_path / "presets.toml"
    path.write_text(copied(pipeline=" clip ")["preset"]["text"])
    configured("JITPREP_PRESETS", path)
    assert config().default_preset == "clip"
    assert "mine" not in config().presets


@pytest.mark.parametrize(
    "line", ["normalize:0.5,1e-05,1e20,std=1,1,1", "csv:a%22%5C%0A%7F%C3%BC/jsonl"]
)
def test_values_of_any_kind_are_toml(line: str) -> None:
    found = copied(pipeline=line)
    assert parse_pipeline(tomllib.loads(found["toml"])) == parse_pipeline(line)


@pytest.mark.parametrize("key", HOSTILE)
def test_a_link_leads_back(key: str) -> None:
    found = copied("/nowhere", source=source(key), seed=5, off=[1, 2])["play"]
    parts = urlsplit(found)
    assert parts.path == "/_play/"
    assert parse_qs(parts.query) == {
        "place": ["photos"],
        "key": [key],
        "pipeline": [LINE],
        "seed": ["5"],
        "off": ["1,2"],
    }


def test_a_shard_has_what_reads_shards(tmp_path: Path) -> None:
    found = copied(tmp_path, pipeline="tar/resize:8,8/npy", source=source("train.tar"))
    assert {"line", "payload", "mount", "python", "curl", "aws", "play"} <= set(found)
    assert not {"reader", "run", "plan", "preview", "cost", "read"} & set(found)
    assert 'ShardPipeline.parse("tar/resize:8,8/npy")' in found["python"]


def test_sections_are_read_by_key(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(photo("rocket"))
    line = "views:2,key=a/resize:8,8/views:1,key=b/resize:4,4/safetensors"
    found = copied(tmp_path, pipeline=line, source=source("a.jpg"))
    assert not {"reader", "preview", "read"} & set(found)
    printed = run(f"python - <<'END'\n{found['python']}END\n", tmp_path / "out").stdout
    assert printed == "a (2, 3, 8, 8)\nb (1, 3, 4, 4)\n"
    run(found["run"], tmp_path / "out")


def test_a_member_of_a_shard_is_unpacked_first(tmp_path: Path) -> None:
    (tmp_path / "b c.jpg").write_bytes(photo("rocket"))
    subprocess.run(["tar", "-cf", "x.tar", "b c.jpg"], cwd=tmp_path, check=True)
    found = copied(
        tmp_path, pipeline="resize:8,8/npy", source={**source("x.tar"), "member": "b c.jpg"}
    )
    run(found["run"], tmp_path / "out")
    assert np.load(tmp_path / "out/result.npy").shape == (3, 8, 8)
    assert not {"curl", "aws"} & set(found)


def test_objects_of_buckets_are_named_by_their_urls() -> None:
    found = copied("s3://my-bucket/train", source=source("a/b c.jpg"), seed=2)
    assert tomllib.loads(found["mount"])["mounts"]["photos"]["source"] == "s3://my-bucket/train"
    first, second = found["run"].splitlines()
    assert shlex.split(first) == ["aws", "s3", "cp", "s3://my-bucket/train/a/b c.jpg", "b c.jpg"]
    assert shlex.split(second)[3:] == ["b c.jpg", "result.npy", "--seed", "2"]
    assert 'open_reader(\n    "s3://my-bucket/train/",' in found["reader"]
    assert 'Seed(2, "train/a/b c.jpg")' in found["python"]
    assert shlex.split(found["read"])[2] == "s3://my-bucket/train/"


@pytest.mark.parametrize("key", ["file://etc/passwd", "https://x/y"])
def test_the_aws_command_reads_no_key_from_elsewhere(key: str) -> None:
    words = shlex.split(copied("s3://my-bucket", source=source(key))["aws"])
    asked = words[words.index("--cli-input-json") + 1]
    assert json.loads(asked) == {"Bucket": "photos", "Key": key}


def test_what_is_not_there_is_refused() -> None:
    with pytest.raises(AskRefused):
        copied(source={"place": "nowhere", "key": "x"})
    with pytest.raises(SpecError):
        copied(pipeline="resise:8")


@pytest.mark.parametrize("name", ["my photo.jpg", "../-x/../-y'.jpg", ""])
def test_a_dropped_file_is_one_of_the_current_folder(name: str, tmp_path: Path) -> None:
    page = playground()

    async def pieces() -> AsyncIterator[bytes]:
        yield photo("rocket")

    dropped = asyncio.run(page.uploads.receive(name, pieces(), page.limits))
    asked = {"source": {"upload": dropped["upload"]}, "pipeline": LINE, "seed": 1}
    found = {snippet.name: snippet.text for snippet in answer(page, asked)["snippets"]}
    here = tmp_path / (name.rpartition("/")[2] or dropped["name"])
    here.write_bytes(photo("rocket"))
    run(found["run"], tmp_path)
    script = f"python - <<'END'\n{found['python']}{found['reader']}END\n"
    assert run(script, tmp_path).stdout == "(3, 32, 32) uint8\n" * 2
