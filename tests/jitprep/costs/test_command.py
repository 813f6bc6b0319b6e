"""`jitprep cost`: measurement, table, JSON, plot and errors."""

from __future__ import annotations

import json

import boto3
import pytest
from botocore.stub import Stubber
from PIL import Image
from typer.testing import CliRunner

from jitprep.cli.commands import app
from jitprep.costs.answers import plot
from jitprep.costs.estimate import from_json
from jitprep.costs.inputs.prices import load_prices
from jitprep.service.config import config
from tests.jitprep.costs.inputs.test_refresh import answer_instance, answer_services, product


@pytest.fixture
def cost(tmp_path, monkeypatch):
    """Run the command in a folder with a photograph."""
    Image.new("RGB", (320, 240), "teal").save(tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments: str, fails: bool = False):
        done = CliRunner().invoke(app, ["cost", *arguments])
        # 2: of a pipeline that cannot be, which is a wrong command.
        assert done.exit_code in ({1, 2} if fails else {0}), done.output + done.stderr
        return done

    return run


def test_the_default_is_a_table_of_the_demos_photographs_and_no_file(cost, tmp_path):
    text = cost("imagenet-uint8").stdout
    for way in (
        "Object Lambda",
        "Function URL",
        "batched Invoke",
        "Fargate server",
        "EC2 spot server",
        "backfilled copies",
        "GPU instance",
        "shards, Object Lambda",
        "shards, EC2 spot server",
    ):
        assert way in text
    assert "151 kB out" in " ".join(text.split())
    assert "When not to prepare remotely" in text
    assert "6 samples measured" in text
    assert [path.name for path in tmp_path.iterdir()] == ["photo.jpg"]
    cost("imagenet-uint8", "photo.jpg", "--plot", "mine.svg")
    assert (tmp_path / "mine.svg").read_text().startswith("<svg")


def test_json_has_what_was_asked(cost, tmp_path):
    options = {
        "objects": 500,
        "epochs": 3,
        "arch": "x86_64",
        "memory": 2048,
        "gpu": "p5.48xlarge",
        "train-ms": 0.5,
        "months": 2,
        "overhead-ms": 1,
        "s3-ms": 20,
        "speed": 1.5,
        "server": "m7g.large",
        "utilisation": 0.5,
        "shard": 250,
        "plot": tmp_path / "deeper" / "mine.svg",
    }
    given = [f"--{name}={value}" for name, value in options.items()]
    told = json.loads(cost("resize:32,32/npy", "photo.jpg", "--json", *given).stdout)
    assert (told["pipeline"], told["epochs"], told["random"]) == ("resize:32,32/npy", 3, False)
    assert told["plan"] == {
        "objects": 500,
        "arch": "x86_64",
        "memory_mb": 2048,
        "gpu": "p5.48xlarge",
        "train_ms": 0.5,
        "months": 2.0,
        "stackable": True,
        "overhead_ms": 1.0,
        "s3_ms": 20.0,
        "speed": 1.5,
        "server": "m7g.large",
        "utilisation": 0.5,
        "shard": 250,
    }
    assert told["measured"]["bytes_in"] == (tmp_path / "photo.jpg").stat().st_size
    assert told["measured"]["bytes_out"] == 32 * 32 * 3 + 128
    drawn = (tmp_path / "deeper" / "mine.svg").read_text()
    assert drawn == plot.render_svg(from_json(told))


@pytest.mark.parametrize(
    ("spec", "stackable"),
    [
        ("resize:8,8/npy", True),
        ("resize:8,8/safetensors", True),
        ("resize:8,8/raw", False),
        ("resize:8,8/png", False),
        ("resize:8/npy", False),
    ],
)
def test_only_tensors_of_one_shape_are_stacked(cost, spec, stackable):
    told = json.loads(cost(spec, "photo.jpg", "--json").stdout)
    assert told["plan"]["stackable"] is stackable


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["resise:8"], "did you mean 'resize'?"),
        (["resize:8/npy", "gone.jpg"], "gone.jpg: "),
        (["imagenet", "photo.jpg", "--arch", "mips"], "--arch must be x86_64 or arm64, got 'mips'"),
        (["imagenet", "photo.jpg", "--memory", "64"], "from 128 to 10240, got '64'"),
        (["imagenet", "photo.jpg", "--memory", "all"], "--memory must be auto or a number"),
        (["imagenet", "photo.jpg", "--s3-ms", "inf"], "--s3-ms must be a finite number, got inf"),
        (["imagenet", "photo.jpg", "--speed", "inf"], "--speed must be a finite number, got inf"),
        (
            ["imagenet", "photo.jpg", "--region", "eu-west-1"],
            "no prices for eu-west-1, only for us-",
        ),
        (["imagenet", "photo.jpg", "--gpu", "abacus"], "no price for abacus in us-east-1"),
        (["imagenet", "photo.jpg", "--server", "abacus"], "no price for abacus in us-east-1"),
        (["imagenet", "photo.jpg", "--utilisation", "nan"], "less than or equal to 1"),
        (["imagenet", "photo.jpg", "--utilisation", "70"], "less than or equal to 1"),
        (["imagenet", "photo.jpg", "--shard", "0"], "greater than or equal to 1"),
        (["imagenet", "photo.jpg", "--prices", "photo.jpg"], "photo.jpg: "),
        (["imagenet", "photo.jpg", "--refresh"], "name it with --prices"),
        (["resize:8/npy", "photo.jpg", "--plot", "photo.jpg/a.svg"], "photo.jpg"),
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
        assert (
            json.loads(cost("tiny", "photo.jpg", "--json").stdout)["pipeline"] == "resize:8,8/npy"
        )
        assert "did you mean 'resize'?" in cost("bad", "photo.jpg", fails=True).stderr
        monkeypatch.setenv("JITPREP_PRESETS", "gone.toml")
        config.cache_clear()
        assert "gone.toml" in cost("tiny", "photo.jpg", fails=True).stderr
    finally:
        config.cache_clear()


def test_refresh_writes_a_file_and_uses_it(cost, tmp_path, monkeypatch):
    client = boto3.client(
        "pricing", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    monkeypatch.setattr("jitprep.costs.inputs.refresh.pricing_client", lambda: client)
    asked = ("resize:8,8/npy", "photo.jpg", "--region=eu-west-1", "--gpu=g6.xlarge", "--json")
    with Stubber(client) as stub:
        answer_services(stub)
        server = product("AmazonEC2", "EU-BoxUsage", "0.08556", vcpu="2")
        answer_instance(stub, [server], "c8g.large")
        answer_instance(stub, [product("AmazonEC2", "EU-BoxUsage", "0.8982", vcpu="4")])
        first = json.loads(cost(*asked, "--prices=mine.toml", "--refresh").stdout)
        stub.assert_no_pending_responses()
    listed = {
        name: (row["usd"], row["vcpus"]) for name, row in first["prices"]["instances"].items()
    }
    assert listed == {"c8g.large": (0.08556, 2), "g6.xlarge": (0.8982, 4)}
    left_out = [way["name"] for way in first["ways"] if "reason" in way]
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
        done = cost("imagenet", "photo.jpg", "--prices=mine.toml", "--refresh", fails=True)
    assert "AWS returned no prices" in done.stderr
    assert "may not ask" in done.stderr
    assert not (tmp_path / "mine.toml").exists()
