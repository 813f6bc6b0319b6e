"""`jitprep simulate`: figures, JSON, pictures, errors, and the page that is made from it."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from jitprep.cli.commands import app, load_command
from jitprep.costs.simulation.setup import SETUPS

ROOT = Path(__file__).parents[4]


@pytest.fixture
def simulate(tmp_path, monkeypatch):
    """Run the command in a folder with a photograph."""
    Image.new("RGB", (320, 240), "teal").save(tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments: str, status: int = 0):
        asked = ["simulate", "photo.jpg", "--pipeline", "resize:32,32/npy", *arguments]
        done = CliRunner().invoke(app, asked)
        assert done.exit_code == status, done.output + done.stderr
        return done

    return run


@pytest.mark.parametrize("door", SETUPS)
def test_each_door_is_simulated_and_priced(simulate, door) -> None:
    done = simulate("--door", door, "--readers=2e1", "--objects=3e3", "--json", "--shard=100")
    found = json.loads(done.stdout)
    outcome, prices = found["outcome"], {one["what"]: one["usd"] for one in found["charges"]}
    assert outcome["samples"] == 3000
    assert sum(each["samples"] for each in outcome["timeline"]) == 3000
    assert found["scenario"]["readers"] == 20
    assert all(usd > 0 for usd in prices.values())
    gets = 30 if door == "streamed-shards" else 3000
    assert prices["S3 GET"] == pytest.approx(gets * 4e-7)
    assert ("data returned" in prices) == (door == "object-lambda")
    assert ("Lambda GB-seconds" in prices) == (door not in {"managed", "server"})
    assert found["advice"]["outcome"]["throttled_429"] == 0


def test_text_has_the_figures_and_pictures_are_written(simulate, tmp_path) -> None:
    pictures = ("--plot", "a/over-time.svg", "--plot-readers", "over-readers.svg")
    text = simulate("--readers=40", "--objects=2000", "--concurrency=4", *pictures).stdout
    for name in ("time of the epoch", "429 from Lambda", "read, p99", "Recommended", "--s3-ms"):
        assert name in text
    assert (tmp_path / "a/over-time.svg").read_text().startswith("<svg")
    assert "readers" in (tmp_path / "over-readers.svg").read_text()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--door", "window"], "--door must be one of object-lambda, url"),
        (["--readers", "1.5"], "--readers must be a whole number from 2"),
        (["--readers", "many"], "got 'many'"),
        (["--objects", "0"], "--objects must be a whole number from 1"),
        (["--objects", "1e9"], "take more than 100,000,000 requests; simulate fewer"),
        (["--max-workers", "2"], "--max-workers must be 0 or at least --workers (3), got 2"),
        (["--server", "abacus"], "no price for abacus"),
        (["--door", "streamed-shards", "--shard", "100000"], "pass --shard 65536 or less"),
    ],
)
def test_errors_are_explained_in_one_line(simulate, arguments, reason) -> None:
    error = simulate(*arguments, status=2).stderr
    assert reason in error
    assert error.count("\n") == 1


def test_the_page_follows_from_the_stored_runs() -> None:
    """`python tools/simulate_page.py --run` simulates again; without --run it writes the page."""
    made = runpy.run_path(str(ROOT / "tools/simulate_page.py"))["page"]()
    assert (ROOT / "docs/cost/simulate.md").read_text(encoding="utf-8") == made


def test_the_page_names_only_existing_options() -> None:
    page = (ROOT / "docs/cost/simulate.md").read_text(encoding="utf-8")
    options = {name for one in load_command("simulate").params for name in one.opts}
    ours = re.sub(r"`python [^`]+`", "", page)
    assert (
        set(re.findall(r"--[a-z0-9-]+[a-z0-9]", re.sub(r"<!--.*?-->|---+:?", "", ours))) <= options
    )
