"""`jitprep cost`: measurement, answer, tables, JSON, pictures and errors."""

from __future__ import annotations

import json
import os
from dataclasses import asdict

import boto3
import pytest
from botocore.stub import Stubber
from PIL import Image
from typer.testing import CliRunner

from jitprep.cli.commands import app
from jitprep.cli.reports.cost import print_estimate
from jitprep.costs.answers import report
from jitprep.costs.answers.place_map import map_places, render_map
from jitprep.costs.answers.plot import render_plot
from jitprep.costs.answers.verdict import decide, two_sentences
from jitprep.costs.estimate import from_json
from jitprep.costs.inputs.overheads import load_overheads
from jitprep.costs.inputs.plan import TrainingPlan
from jitprep.costs.inputs.prices import load_prices
from jitprep.service.config import config
from tests.jitprep.costs.given import ESTIMATE, changed
from tests.jitprep.costs.inputs.test_refresh import answer_instance, answer_services, product


@pytest.fixture
def cost(tmp_path, monkeypatch):
    """Run the command in a folder with a photograph."""
    Image.new("RGB", (320, 240), "teal").save(tmp_path / "photo.jpg")
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments: str, fails: bool = False):
        done = CliRunner().invoke(app, ["cost", *arguments])
        # 2: of a command or a price file that is wrong; 1: of what failed while it ran.
        assert done.exit_code in ({1, 2} if fails else {0}), done.output + done.stderr
        return done

    return run


PHOTO = ("photo.jpg", "--pipeline=resize:32,32/npy")


def test_the_answer_is_first_then_the_tables_then_why(cost, tmp_path):
    """Without samples, they are the demo's photographs; and no file is written."""
    text = cost("--pipeline=imagenet-uint8", "--train-ms=100", "--objects=1.2e6").stdout
    best, changes, *_ = text.splitlines()
    assert best.startswith(
        "Your host keeps up, so do not prepare remotely: copy the originals once, "
    )
    assert changes.startswith("Below ")
    order = ["1,200,000 objects × 10 epochs", "GPU", "What it is paid for, over 10 epochs"]
    places = [text.index(part) for part in (*order, "\nWhy\n", "\nAssumptions\n")]
    assert places == sorted(places)
    assert "151 kB out" in text
    assert "6 samples measured" in text
    assert "CloudTrail's data events, $12.00" in text
    assert {path.name for path in tmp_path.iterdir()} == {"photo.jpg", "pipe"}


@pytest.mark.usefixtures("cost")
def test_a_terminal_of_80_columns_shows_the_first_table_whole(capsys):
    estimate = changed(ESTIMATE, objects=10**9, epochs=90, gpu="p5.48xlarge", ms=20.0)
    print_estimate(estimate)
    text = capsys.readouterr().out
    table = text[: text.index("What it is paid for")].splitlines()[4:]
    assert max(map(len, table)) <= 80
    for way, cells in zip(estimate.open, report.rows(estimate), strict=True):
        (row,) = [line for line in table if line.startswith(f"{way.name}  ")]
        assert row.split() == " ".join(cells).split()


def test_json_has_what_was_asked(cost, tmp_path):
    options = {
        "objects": "1.2e6",
        "epochs": 3,
        "arch": "x86_64",
        "memory": 2048,
        "gpu": "p5.48xlarge",
        "train-ms": 0.5,
        "months": 2,
        "s3-ms": 20,
        "speed": 1.5,
        "server": "m7g.large",
        "utilisation": 0.5,
        "shard": 250,
        "disk-gb": 100,
        "plot": tmp_path / "deeper" / "plot.svg",
        "map": tmp_path / "map.svg",
    }
    flags = ("--packed", "--load-balancer", "--across-zones", "--private-subnet", "--kms")
    given = [f"--{name}={value}" for name, value in options.items()]
    found = json.loads(cost(*PHOTO, "--json", *given, *flags).stdout)
    plan = TrainingPlan(
        objects=1_200_000,
        epochs=3,
        arch="x86_64",
        memory_mb=2048,
        gpu="p5.48xlarge",
        train_ms=0.5,
        months=2.0,
        stackable=True,
        random=False,
        s3_ms=20.0,
        lambda_speed=1.5,
        server="m7g.large",
        utilisation=0.5,
        shard=250,
        packed=True,
        load_balancer=True,
        across_zones=True,
        private_subnet=True,
        kms=True,
        disk_gb=100.0,
    )
    assert found["pipeline"] == "resize:32,32/npy"
    assert found["plan"] == asdict(plan)
    assert found["overheads"] == asdict(load_overheads())
    assert found["measured"]["bytes_in"] == (tmp_path / "photo.jpg").stat().st_size
    assert found["measured"]["bytes_out"] == 32 * 32 * 3 + 128
    estimate = from_json(found)
    assert tuple(found["answer"]) == two_sentences(estimate, decide(estimate))
    assert (tmp_path / "deeper" / "plot.svg").read_text() == render_plot(estimate)
    assert (tmp_path / "map.svg").read_text() == render_map(estimate, map_places(estimate))


@pytest.mark.parametrize(
    ("spec", "stackable", "random"),
    [
        ("resize:8,8/npy", True, False),
        ("resize:8,8/safetensors", True, False),
        ("resize:8,8/raw", False, False),
        ("resize:8,8/png", False, False),
        ("resize:8/npy", False, False),
        ("random_resized_crop:8/npy", True, True),
    ],
)
def test_the_plan_follows_from_the_pipeline(cost, spec, stackable, random):
    plan = json.loads(cost("photo.jpg", "--pipeline", spec, "--json").stdout)["plan"]
    assert (plan["stackable"], plan["random"]) == (stackable, random)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["photo.jpg"], "Missing option '--pipeline'"),
        (["photo.jpg", "--pipeline=resise:8"], "did you mean 'resize'?"),
        (["gone.jpg", "--pipeline=resize:8/npy"], "gone.jpg: "),
        ([*PHOTO, "--objects", "1.5"], "--objects must be a whole number from 1 to 1e12, such as"),
        ([*PHOTO, "--objects", "inf"], "such as 1.2e6, got 'inf'"),
        ([*PHOTO, "--objects", "many"], "such as 1.2e6, got 'many'"),
        ([*PHOTO, "--objects", "0"], "such as 1.2e6, got '0'"),
        ([*PHOTO, "--arch", "mips"], "--arch must be x86_64 or arm64, got 'mips'"),
        ([*PHOTO, "--memory", "192"], "from 256 to 10240, got '192'"),
        ([*PHOTO, "--memory", "all"], "--memory must be auto or a number"),
        ([*PHOTO, "--s3-ms", "inf"], "less than or equal to"),
        ([*PHOTO, "--speed", "inf"], "less than or equal to 100"),
        ([*PHOTO, "--months", "1e308"], "less than or equal to 1200"),
        ([*PHOTO, "--train-ms", "nan"], "less than or equal to"),
        ([*PHOTO, "--epochs", "1" + "0" * 400], "less than or equal to 1000000"),
        ([*PHOTO, "--objects", "1e308"], "such as 1.2e6, got '1e308'"),
        (["pipe", "--pipeline=resize:8/npy"], "pipe is not a file"),
        ([".", "--pipeline=resize:8/npy"], " is not a file; name files like"),
        ([*PHOTO, "--prices", "pipe"], "pipe is a pipe, a socket or a device; name a file"),
        ([*PHOTO, "--region", "eu-west-1"], "no prices for eu-west-1, only for us-"),
        ([*PHOTO, "--gpu", "abacus"], "no price for abacus in us-east-1"),
        ([*PHOTO, "--server", "abacus"], "no price for abacus in us-east-1"),
        ([*PHOTO, "--utilisation", "nan"], "less than or equal to 1"),
        ([*PHOTO, "--utilisation", "70"], "less than or equal to 1"),
        ([*PHOTO, "--shard", "0"], "greater than or equal to 1"),
        ([*PHOTO, "--prices", "photo.jpg"], "photo.jpg: "),
        ([*PHOTO, "--refresh"], "name it with --prices"),
        ([*PHOTO, "--plot", "photo.jpg/a.svg"], "photo.jpg"),
    ],
)
def test_errors_are_explained(cost, arguments, said):
    assert said in " ".join(cost(*arguments, fails=True).stderr.split())


def test_a_preset_is_the_functions(cost, tmp_path, monkeypatch):
    (tmp_path / "mine.toml").write_text(
        'default = "tiny"\n[presets]\ntiny = "resize:8,8/npy"\nbad = "resise:8"\n'
    )
    monkeypatch.setenv("JITPREP_PRESETS", "mine.toml")
    config.cache_clear()
    try:
        found = json.loads(cost("photo.jpg", "--pipeline=tiny", "--json").stdout)
        assert found["pipeline"] == "resize:8,8/npy"
        wrong = cost("photo.jpg", "--pipeline=bad", fails=True)
        assert "did you mean 'resize'?" in wrong.stderr
        monkeypatch.setenv("JITPREP_PRESETS", "gone.toml")
        config.cache_clear()
        assert "gone.toml" in cost("photo.jpg", "--pipeline=tiny", fails=True).stderr
    finally:
        config.cache_clear()


def test_refresh_writes_a_file_and_uses_it(cost, tmp_path, monkeypatch):
    client = boto3.client(
        "pricing", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    monkeypatch.setattr("jitprep.costs.inputs.refresh.pricing_client", lambda: client)
    asked = (*PHOTO, "--region=eu-west-1", "--gpu=g6.xlarge", "--json")
    with Stubber(client) as stub:
        answer_services(stub)
        server = product("AmazonEC2", "EU-BoxUsage", "0.08556", vcpu="2")
        answer_instance(stub, [server], "c8g.large")
        answer_instance(stub, [product("AmazonEC2", "EU-BoxUsage", "0.8982", vcpu="4", gpu="1")])
        first = json.loads(cost(*asked, "--prices=mine.toml", "--refresh").stdout)
        stub.assert_no_pending_responses()
    listed = {
        name: (row["usd"], row["vcpus"], row["gpus"])
        for name, row in first["prices"]["instances"].items()
    }
    assert listed == {"c8g.large": (0.08556, 2, 0), "g6.xlarge": (0.8982, 4, 1)}
    left_out = [way["name"] for way in first["ways"] if "spot price" in way.get("reason", "")]
    assert left_out == ["EC2 spot server", "shards, EC2 spot server"]
    assert set(load_prices(tmp_path / "mine.toml")) == {"us-east-1", "eu-west-1"}
    second = json.loads(cost(*asked, "--prices=mine.toml").stdout)
    assert second["prices"] == first["prices"]


def test_an_error_of_aws_is_reported(cost, tmp_path, monkeypatch):
    client = boto3.client(
        "pricing", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    monkeypatch.setattr("jitprep.costs.inputs.refresh.pricing_client", lambda: client)
    with Stubber(client) as stub:
        stub.add_client_error("get_products", "AccessDeniedException", "may not ask")
        done = cost(*PHOTO, "--prices=mine.toml", "--refresh", fails=True)
    assert "AWS returned no prices" in done.stderr
    assert "may not ask" in done.stderr
    assert not (tmp_path / "mine.toml").exists()
