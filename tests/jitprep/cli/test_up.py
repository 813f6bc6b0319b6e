"""The `jitprep` command, as a user runs it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from jitprep.cli.commands import app
from jitprep.emulator import EndpointConfig, EndpointError
from jitprep.emulator.testing import LocalObjectLambda, RunningEndpoint
from preprocessing import Media, Pipeline, Seed

from ...paths import ROOT

JITPREP = [str(Path(sys.executable).with_name("jitprep"))]
SPEC = "grayscale/resize:24,24/png"


def jitprep(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [*JITPREP, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def folder(tmp_path, photos):
    source = tmp_path / "in"
    (source / "deeper").mkdir(parents=True)
    (source / "rocket.jpg").write_bytes(photos["rocket.jpg"])
    (source / "deeper" / "coffee.jpg").write_bytes(photos["coffee.jpg"])
    return source


def test_run_writes_the_librarys_bytes_and_keeps_folders(folder, tmp_path, photos):
    out = tmp_path / "out"
    done = jitprep("run", SPEC, folder, out)
    assert done.returncode == 0, done.stderr
    assert "2 done, 0 failed" in done.stdout
    pipeline = Pipeline.parse(SPEC)
    for name in ("rocket", "deeper/coffee"):
        photo = photos[f"{Path(name).name}.jpg"]
        assert (out / f"{name}.png").read_bytes() == pipeline.encode(photo).body


def test_run_of_one_file_to_one_file(folder, tmp_path):
    done = jitprep("run", SPEC, folder / "rocket.jpg", tmp_path / "small.png")
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "small.png") as image:
        assert image.size == (24, 24)


def test_run_tells_what_failed_and_does_the_rest(folder, tmp_path):
    (folder / "notes.txt").write_text("words")
    done = jitprep("run", SPEC, folder, tmp_path / "out")
    assert done.returncode == 1
    assert "2 done, 1 failed" in done.stdout
    assert "notes.txt" in done.stderr
    assert "looks like text" in done.stderr


def test_run_refuses_to_write_two_results_into_one_file(folder, tmp_path):
    (folder / "rocket.png").write_bytes(b"")
    done = jitprep("run", SPEC, folder, tmp_path / "out")
    assert done.returncode == 1
    assert "would both be written to" in done.stderr
    assert not (tmp_path / "out").exists()


def test_run_refuses_to_write_over_its_input(folder):
    done = jitprep("run", "resize:8/jpeg", folder, folder)
    assert done.returncode == 1
    assert "is an input" in done.stderr


@pytest.mark.parametrize("command", ["run", "plan", "preview"])
def test_a_wrong_spec_is_explained(command, folder):
    done = jitprep(
        command, "resise:8", folder / "rocket.jpg", *([] if command == "plan" else ["out.png"])
    )
    assert done.returncode == 2
    assert done.stderr == "error: step 1 'resise': unknown step; did you mean 'resize'?\n"


@pytest.mark.parametrize(
    ("arguments", "variables", "words"),
    [
        (["plan", "npy", "a.jpg"], {"JITPREP_MEMORY": "abc"}, "JITPREP_MEMORY must be bytes"),
        (["--version"], {"JITPREP_MEMORY": "0"}, "JITPREP_MEMORY must be bytes"),
        (["demo", "--endpoint-url", "nowhere"], {}, "nowhere"),
        (["backfill", "s3://a", "--pipeline", "npy", "--to", "s3://copies"], {}, "3 to 63"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(monkeypatch, arguments, variables, words):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    done = jitprep(*arguments)
    assert done.returncode in {1, 2}
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert words in done.stderr


def test_run_draws_as_a_read_of_the_same_key_does(folder, tmp_path):
    """The folder stands for a bucket, a file's path in it for the key."""
    spec = "random_resized_crop:32/random_horizontal_flip/npy"
    done = jitprep("run", "--seed", "3", spec, folder, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    (source,) = folder.rglob("rocket.jpg")
    key = source.relative_to(folder).as_posix()
    expected = Pipeline.parse(spec).encode(source.read_bytes(), seed=Seed(3, key)).body
    assert (tmp_path / "out" / key).with_suffix(".npy").read_bytes() == bytes(expected)


@pytest.fixture
def sounds(tmp_path):
    source = tmp_path / "sounds"
    (source / "deeper").mkdir(parents=True)
    wav = Pipeline.parse("wav")
    for name, rate in (("low.wav", 8_000), ("deeper/high.wav", 48_000)):
        tone = np.sin(np.arange(rate) / 20)[None].repeat(2, axis=0).astype(np.float32)
        (source / name).write_bytes(wav.encode(Media(tone, "audio", rate)).body)
    return source


def test_run_takes_a_folder_of_sounds(sounds, tmp_path):
    spec = "mono/resample:16000/pad_or_trim:0.5/wav"
    done = jitprep("run", spec, sounds, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "2 done, 0 failed" in done.stdout
    for name in ("low.wav", "deeper/high.wav"):
        body = (tmp_path / "out" / name).read_bytes()
        assert body == Pipeline.parse(spec).encode(sounds / name).body
        assert len(body) == Pipeline.parse(spec).output.nbytes == 44 + 2 * 8_000


def test_run_tells_of_a_photograph_among_sounds(sounds, tmp_path, photos):
    (sounds / "rocket.jpg").write_bytes(photos["rocket.jpg"])
    done = jitprep("run", "mono/flac", sounds, tmp_path / "out")
    assert done.returncode == 1
    assert "2 done, 1 failed" in done.stdout
    assert "the object is image (image/jpeg), and the pipeline takes audio" in done.stderr


def test_plan_measures_each_stage_of_a_sound(sounds):
    spec = "mono/resample:16000/add_noise:10,20/wav"
    done = jitprep("plan", "--time", "--seed", "3", spec, sounds / "low.wav")
    assert done.returncode == 0, done.stderr
    assert "DecodeAudio(wav PCM_16)" in done.stdout
    for stage in ("DecodeAudio", "mean_of_channels", "resample", "add_noise", "wav", "all"):
        assert re.search(rf"{stage} +│ +\d+\.\d{{3}} ", done.stdout), done.stdout


def test_plan_shows_stages_and_rewrites(folder):
    done = jitprep("plan", SPEC, folder / "rocket.jpg")
    assert done.returncode == 0, done.stderr
    assert "Resample(" in done.stdout
    assert "rewrite luma_decode" in done.stdout
    assert "least of" not in done.stdout


def test_plan_measures_each_stage(folder):
    spec = "random_resized_crop:64/normalize:imagenet/npy"
    done = jitprep("plan", "--time", "--seed", "3", spec, folder / "rocket.jpg")
    assert done.returncode == 0, done.stderr
    for stage in ("Decode", "Resample", "npy", "all"):
        assert re.search(rf"{stage} +│ +\d+\.\d{{3}} ", done.stdout), done.stdout


def test_preview_draws_what_the_suffix_names(folder, tmp_path):
    for name, first in (("sheet.png", b"\x89PNG"), ("sheet.html", b"<!doctype html>")):
        done = jitprep("preview", SPEC, folder / "rocket.jpg", tmp_path / name)
        assert done.returncode == 0, done.stderr
        assert done.stdout == f"{SPEC}: 427×640×3 uint8 to 24×24×1 uint8\n"
        assert (tmp_path / name).read_bytes().startswith(first)


def test_preview_tells_what_is_wrong(folder, tmp_path):
    (folder / "notes.txt").write_text("words")
    for source, target, words in (
        ("rocket.jpg", "sheet.gif", "can be saved as .png or .html, and not as 'sheet.gif'"),
        ("rocket.jpg", "nowhere/sheet.png", "No such file or directory"),
        ("notes.txt", "sheet.png", "looks like text"),
        ("none.jpg", "sheet.png", "none.jpg"),
    ):
        done = jitprep("preview", SPEC, folder / source, tmp_path / target)
        assert done.returncode == 1
        assert words in done.stderr
        assert "Traceback" not in done.stderr


def test_up_says_what_it_serves_and_ends_on_ctrl_c():
    process = subprocess.Popen(
        [*JITPREP, "up", "--port", "0", "--workers", "1"],
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


def test_up_lets_requests_choose_their_seed_unless_it_is_told_otherwise(monkeypatch):
    told = []

    def endpoint(config):
        told.append(config.worker_env["JITPREP_REQUEST_OVERRIDES"])
        raise EndpointError("not today")

    monkeypatch.setattr("jitprep.cli.up.Endpoint", endpoint)
    for value in ("", "pipeline"):
        monkeypatch.setenv("JITPREP_REQUEST_OVERRIDES", value)
        CliRunner().invoke(app, ["up"])
    assert told == ["", "pipeline"]


def test_up_starts_the_endpoint_that_its_options_describe(monkeypatch):
    monkeypatch.delenv("JITPREP_REQUEST_OVERRIDES", raising=False)
    told = []

    def endpoint(config):
        told.append(config)
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
    }
    arguments = [f"--{name}={value}" for name, value in options.items()]
    done = CliRunner().invoke(app, ["up", *arguments, "--no-verify-signatures"])
    assert done.exit_code == 1
    assert told == [
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
        ([], {"JITPREP_BUCKETS": "A B"}, "JITPREP_BUCKETS"),
        ([], {"JITPREP_DEFAULT_PRESET": "nope"}, "'nope'"),
        ([], {"JITPREP_MAX_BYTES": "many"}, "JITPREP_MAX_BYTES"),
    ],
)
def test_up_refuses_what_is_wrong_in_one_line(monkeypatch, arguments, variables, words):
    monkeypatch.setattr("jitprep.cli.up.Endpoint", None)  # it must not come so far
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


def test_a_wrong_memory_is_one_line_for_every_command(monkeypatch):
    monkeypatch.setenv("JITPREP_MEMORY", "lots")
    command = [sys.executable, "-m", "jitprep.cli.main", "up"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: JITPREP_MEMORY must be bytes")
    assert done.stderr.count("\n") == 1


def test_up_says_which_bucket_cannot_be_made():
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
        [*JITPREP, "up", "--port", "0", "--workers", "1", *map(str, options)],
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


def test_demo_reads_prints_and_draws(tmp_path):
    picture = tmp_path / "picture.png"
    done = jitprep("demo", "--picture", picture)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("602,240") == 6
    assert "160,128" in done.stdout  # of sound, 80 × 500 × 4 behind the header
    assert "1,204,352" in done.stdout  # of video, 8 × 3 × 224 × 224
    assert "text/plain" in done.stdout
    for key in ("rocket.jpg", "bunny.wav", "bikes.mp4", "license.html"):
        assert key in done.stdout
    with Image.open(picture) as image:
        sheet = image.convert("RGB")
    assert sheet.width > 500
    assert len(sheet.getcolors(maxcolors=2**24)) > 10_000


def test_demo_reads_from_a_running_endpoint(local, tmp_path):
    for _ in range(2):  # it leaves nothing behind that a second run would trip over
        done = jitprep("demo", "--endpoint-url", local.url, "--picture", tmp_path / "p.png")
        assert done.returncode == 0, done.stderr


def test_demo_tells_what_was_refused_and_shows_the_rest(object_lambda_endpoint, tmp_path):
    small = {"JITPREP_MAX_BYTES": "1000000"}  # the sound has more
    endpoint = object_lambda_endpoint(task_root=ROOT, workers=1, worker_env=small)
    done = jitprep("demo", "--endpoint-url", endpoint.url, "--picture", tmp_path / "p.png")
    assert done.returncode == 1
    assert "failed: bunny.wav through whisper: " in done.stderr
    assert "1000000" in done.stderr
    assert "bunny.wav" not in done.stdout
    assert "bikes.mp4" in done.stdout
    assert (tmp_path / "p.png").exists()
