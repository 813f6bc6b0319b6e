"""`jitprep up`: it serves what its options describe, and refuses wrong ones in one line."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys

import httpx
import pytest
from typer.testing import CliRunner

from jitprep.cli.commands import app
from jitprep.emulator import EndpointConfig, EndpointError
from jitprep.emulator.testing import LocalObjectLambda, RunningEndpoint

from .command_line import JITPREP, jitprep
from .test_play import opened, playing


def test_up_says_what_it_serves_and_ends_on_ctrl_c():
    process = subprocess.Popen(
        [JITPREP, "up", "--port", "0", "--workers", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    url = re.search(r"http://127\.0\.0\.1:\d+", first)
    assert url, first
    s3 = LocalObjectLambda(RunningEndpoint(url.group())).client("s3")
    assert s3.list_buckets()["Buckets"] == []
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    assert process.returncode == 0, err
    assert "stopped" in out
    assert err == ""


def test_up_serves_the_page_over_its_buckets(photos):
    """Its requests need the page's token, and no signature."""
    command = [JITPREP, "up", "--port", "0", "--workers", "1", "--bucket", "given"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        page = next(line.split()[1] for line in lines if line.startswith("  page "))
        url = page.partition("/_play/")[0]
        s3 = LocalObjectLambda(RunningEndpoint(url)).client("s3")
        s3.create_bucket(Bucket="later")
        s3.put_object(Bucket="later", Key="a b/+<b>.jpg", Body=photos["rocket.jpg"])
        assert httpx.get(f"{url}/_play/").status_code == 403
        assert httpx.get(f"{url}/later/a").status_code == 403
        with httpx.Client(follow_redirects=True, timeout=60) as client:
            assert "<title>jitprep play</title>" in client.get(page).text
            places = client.get(f"{url}/_play/api/session").json()["places"]
            assert [place["name"] for place in places] == ["given", "later"]
            query = {"place": "later", "search": "B>"}
            keys = client.get(f"{url}/_play/api/objects", params=query).json()["keys"]
            assert [each["key"] for each in keys] == ["a b/+<b>.jpg"]
            source = {"place": "later", "key": "a b/+<b>.jpg"}
            drawn = "random_resized_crop:32/npy"
            look = {"source": source, "pipeline": drawn, "seed": 5}
            item = client.post(f"{url}/_play/api/look", json=look).json()["item"]
        head = s3.head_object(Bucket="later", Key="a b/+<b>.jpg")
        assert (item["key"], item["etag"]) == ("a b/+<b>.jpg", head["ETag"])
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        prefixed = playing("s3://later/a b/", "--endpoint-url", url, **keys)
        with prefixed as (_, printed), opened(printed) as client:
            place = client.get("api/session").json()["places"][0]
            assert place == {"name": "a b", "url": "s3://later/a b/"}
            source = {"place": "a b", "key": "+<b>.jpg"}
            again = client.post("api/look", json={**look, "source": source}).json()["item"]
            assert (again["key"], again["etag"]) == (item["key"], item["etag"])
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)


def test_requests_may_choose_a_seed_by_default(monkeypatch):
    received = []

    def endpoint(config):
        received.append(config.worker_env["JITPREP_REQUEST_OVERRIDES"])
        raise EndpointError("not today")

    monkeypatch.setattr("jitprep.cli.up.Endpoint", endpoint)
    for value in ("", "pipeline"):
        monkeypatch.setenv("JITPREP_REQUEST_OVERRIDES", value)
        CliRunner().invoke(app, ["up"])
    assert received == ["", "pipeline"]


def test_up_starts_the_endpoint_that_its_options_describe(monkeypatch):
    monkeypatch.delenv("JITPREP_REQUEST_OVERRIDES", raising=False)
    received = []

    def endpoint(config):
        received.append(config)
        raise EndpointError("not today")

    monkeypatch.setattr("jitprep.cli.up.Endpoint", endpoint)
    for name, value in zip(
        ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"), "abc", strict=True
    ):
        monkeypatch.setenv(f"AWS_{name}", value)
    options = {
        "host": "0.0.0.0",
        "port": 1,
        "workers": 3,
        "s3": "http://s3.test",
        "function": "other=http://one.test",
        "container-url": "http://endpoint.test:9000",
        "region": "eu-west-1",
        "bucket": "photos",
        "output": "copies/small",
        "override": "seed",
        "function-concurrency": 4,
        "stream-rate": 2,
    }
    arguments = [f"--{name}={value}" for name, value in options.items()]
    done = CliRunner().invoke(app, ["up", *arguments, "--no-verify-signatures"])
    assert done.exit_code == 1
    assert received == [
        EndpointConfig(
            host="0.0.0.0",
            port=1,
            workers=3,
            s3_url="http://s3.test",
            containers={"other": ["http://one.test"]},
            container_url="http://endpoint.test:9000",
            region="eu-west-1",
            access_key="a",
            secret_key="b",
            session_token="c",
            verify_signatures=False,
            function_concurrency=4,
            stream_rate=2 * 2**20,
            mounted={"/_play": received[0].mounted["/_play"]},
            worker_env={
                "JITPREP_BUCKETS": "photos",
                "JITPREP_OUTPUTS": "copies/small",
                "JITPREP_REQUEST_OVERRIDES": "seed",
            },
        )
    ]


@pytest.mark.parametrize(
    ("arguments", "variables", "words"),
    [
        (["--port", "80000"], {}, "port is 80000"),
        (["--port", "-1"], {}, "port is -1"),
        (["--workers", "0"], {}, "workers is 0"),
        (["--region", "Here"], {}, "region is 'Here'"),
        (["--function", "x"], {}, "NAME=URL"),
        (["--function", "a=b"], {}, "'b' is not a URL"),
        (["--function", "a=http://h:99999"], {}, "is not a URL"),
        (["--s3", "http://127.0.0.1:1"], {}, "AWS_ACCESS_KEY_ID"),
        (["--override", "quality"], {}, "JITPREP_REQUEST_OVERRIDES"),
        (["--bucket", "No_Bucket"], {}, "'No_Bucket'"),
        (["--bucket", ""], {}, "--bucket takes one name, got ''"),
        (["--bucket", "one,two"], {}, "--bucket takes one name, got 'one,two'"),
        (["--output", "a"], {}, "'a'"),
        (["--presets", "/no/such.toml"], {}, "/no/such.toml"),
        (
            ["--function", "preprocess=http://h", "--bucket", "photos"],
            {},
            "runs in a container; set it there",
        ),
        (["--function-concurrency", "65"], {}, "function_concurrency is 65"),
        (
            ["--function-concurrency", "2", "--function", "preprocess=http://127.0.0.1:9001"],
            {},
            "AWS_LAMBDA_MAX_CONCURRENCY",
        ),
        (
            ["--invoke-mode", "RESPONSE_STREAM", "--function", "other=http://127.0.0.1:9001"],
            {},
            "Runtime Interface Emulator in the container of other does not stream",
        ),
        (
            ["--invoke-mode", "RESPONSE_STREAM"],
            {"JITPREP_RUNTIME_CLIENT": "awslambdaric"},
            "does not stream",
        ),
        ([], {"JITPREP_RUNTIME_CLIENT": "rust"}, "awslambdaric or jitprep"),
        ([], {"JITPREP_BUCKETS": "A B"}, "JITPREP_BUCKETS"),
        ([], {"JITPREP_DEFAULT_PRESET": "nope"}, "'nope'"),
        ([], {"JITPREP_MAX_BYTES": "many"}, "JITPREP_MAX_BYTES"),
    ],
)
def test_up_refuses_what_is_wrong_in_one_line(monkeypatch, arguments, variables, words):
    monkeypatch.setattr("jitprep.cli.up.Endpoint", None)  # must not be called
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    nobody = {"HOME": "/nobody", "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/nobody"}
    for name, value in {**nobody, **variables}.items():
        monkeypatch.setenv(name, value)
    done = CliRunner().invoke(app, ["up", *arguments])
    assert done.exit_code == 2, done.output
    assert words in done.output
    assert done.output.count("\n") == 1
    assert done.output.startswith("error: ")


def test_up_names_a_bucket_that_cannot_be_created():
    command = [sys.executable, "-m", "jitprep.cli.main", "up", "--port", "0", "--bucket", "a..b"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "error: the bucket 'a..b' cannot be created: " in done.stderr
    assert "Traceback" not in done.stderr


def test_up_refuses_a_wrong_preset(monkeypatch, tmp_path):
    monkeypatch.setattr("jitprep.cli.up.Endpoint", None)
    file = tmp_path / "presets.toml"
    file.write_text('default = "good"\n[presets]\ngood = "npy"\nbad = "resise:8"\n')
    done = CliRunner().invoke(app, ["up", "--presets", str(file)])
    assert (done.exit_code, "did you mean 'resize'?" in done.output) == (2, True)


def test_up_makes_the_buckets_that_its_options_name(tmp_path, photos):
    presets = tmp_path / "presets.toml"
    presets.write_text('default = "tiny"\n[presets]\ntiny = "resize:4,4/npy"\n')
    options = ["--bucket", "photos", "--output", "copies/small", "--presets", presets]
    with subprocess.Popen(
        [JITPREP, "up", "--port", "0", "--workers", "1", *map(str, options)],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        url = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert url
        local = LocalObjectLambda(RunningEndpoint(url.group()))
        s3, aws_lambda = local.client("s3"), local.client("lambda")
        assert [one["Name"] for one in s3.list_buckets()["Buckets"]] == ["copies", "photos"]
        s3.put_object(Bucket="photos", Key="k", Body=photos["rocket.jpg"])
        asked = json.dumps({"bucket": "photos", "key": "k"})
        answer = json.load(aws_lambda.invoke(FunctionName="preprocess", Payload=asked)["Payload"])
        assert answer["statusCode"] == 200, answer
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)


def test_up_says_that_a_port_is_taken(local):
    port = local.url.rpartition(":")[2]
    done = jitprep("up", "--port", port)
    assert done.returncode == 1
    assert port in done.stderr
    assert "Traceback" not in done.stderr
