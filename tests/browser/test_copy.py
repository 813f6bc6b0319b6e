"""What the buttons copy is run, as a person would paste it."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
from playwright.sync_api import expect

from jitprep.service.pipeline_choice import choose
from preprocessing import Pipeline, Seed, parse_pipeline
from tests.jitprep.server.running import serving
from tools.browsing import PLAIN

from .workbench import Workbench

KEY = "photos/rocket.jpg"
LINE = "resize:64/random_crop:32/npy"
SEED = 3
NAMES = ("line", "json", "toml", "payload", "mount", "python", "reader", "curl", "run", "plan")
KEYS = """
[keys.reader]
access_key_id = "env:READER_ID"
secret_access_key = "env:READER_SECRET"
mounts = ["{mount}"]
"""
_FOLDER = str(Path(sys.executable).parent)


def _copied(bench: Workbench, *names: str) -> dict[str, str]:
    """Press the buttons, and return what each put on the clipboard."""
    bench.open(KEY, LINE, seed=SEED, tab="copy")
    bench.settled(LINE)
    found = {}
    for name in names:
        bench.button(f"Copy {name}").click()
        expect(bench.status).to_have_text(f"copied {name}")
        found[name] = bench.copied()
    return found


def _run(words: list[str], into: Path, **environment: str) -> str:
    path = f"{_FOLDER}{os.pathsep}{os.environ['PATH']}"
    env = {**PLAIN, **environment, "PATH": path}
    done = subprocess.run(
        words, cwd=into, env=env, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _expected(bench: Workbench, key: str = KEY) -> bytes:
    content = (bench.served.folder / KEY).read_bytes()
    return bytes(Pipeline.parse(LINE).encode(content, seed=Seed(SEED, key)).body)


def test_each_button_copies_what_is_shown_beside_it(bench: Workbench) -> None:
    copied = _copied(bench, *NAMES)
    for name, text in copied.items():
        shown = bench.page.get_by_role("article").filter(has=bench.button(f"Copy {name}"))
        assert shown.locator("code").text_content() == text, name


def test_the_spellings_are_one_pipeline(bench: Workbench) -> None:
    copied = _copied(bench, "line", "json", "toml", "payload")
    found: Mapping[str, object] = {
        "line": parse_pipeline(copied["line"]),
        "json": parse_pipeline(copied["json"]),
        "toml": parse_pipeline(tomllib.loads(copied["toml"])),
        "payload": choose(copied["payload"], None),
    }
    assert {name: str(pipeline) for name, pipeline in found.items()} == dict.fromkeys(found, LINE)


def test_python_runs(bench: Workbench, tmp_path: Path) -> None:
    copied = _copied(bench, "python", "reader")
    for text in copied.values():
        assert _run([sys.executable, "-W", "error", "-c", text], tmp_path) == "(3, 32, 32) uint8\n"


@pytest.mark.parametrize("name", ["run", "plan", "preview"])
def test_a_command_runs(bench: Workbench, tmp_path: Path, name: str) -> None:
    text = _copied(bench, name)[name]
    _run(["sh", "-ec", text], tmp_path)
    written = {path.name: path for path in tmp_path.iterdir()}
    if name == "run":
        name = Path(KEY).name  # which the command draws from, as it does for each file of a folder
        assert written["result.npy"].read_bytes() == _expected(bench, name)
    elif name == "preview":
        assert written["preview.png"].read_bytes().startswith(b"\x89PNG")


def test_the_mount_is_served_and_curl_reads_it(bench: Workbench, tmp_path: Path) -> None:
    copied = _copied(bench, "mount", "curl")
    (mount,) = tomllib.loads(copied["mount"])["mounts"]
    config = tmp_path / "jitprep.toml"
    config.write_text(copied["mount"] + KEYS.format(mount=mount))
    keys = {"READER_ID": "reader", "READER_SECRET": "secret"}
    with serving(tmp_path, "--config", config, JITPREP_WORKERS="1", **keys) as running:
        text = copied["curl"].replace("http://127.0.0.1:8080", running.url)
        asked = {"AWS_ACCESS_KEY_ID": "reader", "AWS_SECRET_ACCESS_KEY": "secret"}
        _run(["sh", "-ec", text], tmp_path, **asked)
    assert (tmp_path / "result.npy").read_bytes() == _expected(bench)


def test_the_link_opens_the_same_view(bench: Workbench) -> None:
    link = _copied(bench, "play")["play"]
    assert link.startswith(bench.served.origin)
    bench.page.goto(link)
    bench.settled(LINE)
    assert bench.query()["seed"] == str(SEED)
    expect(bench.text).to_have_value(LINE)


def test_a_saved_preset_is_a_preset(bench: Workbench, tmp_path: Path) -> None:
    bench.open(KEY, LINE, tab="copy")
    with bench.page.expect_download() as download:
        bench.button("Save preset").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    read = "from jitprep.service.config import config; print(config().presets['mine'])"
    assert _run([sys.executable, "-c", read], tmp_path, JITPREP_PRESETS=str(path)) == f"{LINE}\n"


def test_a_first_minute(bench: Workbench, things: Path) -> None:
    """An own photograph, a pipeline that is typed with completions, and the payload."""
    bench.watched.refusals.add(422)  # what is typed halfway may be a pipeline that cannot take it
    bench.open()
    bench.page.get_by_label("Drop a file or choose one").set_input_files(things / KEY)
    expect(bench.canvas("before")).to_be_visible()
    bench.text.click()
    for typed, completed in (
        ("gray", "grayscale"),
        ("/res", "grayscale/resize:"),
        ("224,224/pn", ""),
    ):
        bench.page.keyboard.type(typed, delay=20)
        expect(bench.page.get_by_role("listbox", name="Completions")).to_be_visible()
        bench.page.keyboard.press("Enter")
        if completed:
            expect(bench.text).to_have_value(completed)
    bench.settled("grayscale/resize:224,224/png")
    bench.tab("Copy")
    bench.button("Copy payload").click()
    expect(bench.status).to_have_text("copied payload")
    assert str(choose(bench.copied(), None)) == "grayscale/resize:224,224/png"
