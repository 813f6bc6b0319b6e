"""`jitprep read`: what a loader gives from a folder, a store and a server, and what limits it."""

from __future__ import annotations

import json
import math

import pytest

from jitprep.cli.reading.measurement import LoaderRun
from jitprep.cli.reading.processes import CpuUse
from jitprep.cli.reading.stages import SampleStages
from jitprep.cli.reading.verdict import LIMITS, Limit, find_limit, judge
from jitprep.costs.inputs.measure import Measured
from jitprep.costs.inputs.overheads import load_overheads
from jitprep.reader.loading.stats import LoaderStats
from preprocessing import Pipeline
from tests.jitprep.server.running import serving
from tests.jitprep.service.source.stored.server import Page, served

from .command_line import jitprep

CROPS = "resize:32/center_crop:32/npy"
PIPELINE = Pipeline.parse(CROPS)


def measured(*arguments: str) -> dict[str, object]:
    """Return the report on two batches of one sample."""
    done = jitprep("read", *arguments, "--batch-size", "1", "--batches", "2", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert (report["batches"], report["images"], report["skipped"]) == (2, 2, 0)
    assert report["images_per_s"] == pytest.approx(2 / report["seconds"])
    assert 0 < report["waited_s"] <= report["seconds"]
    assert report["limit"] in set(Limit)
    assert report["remedy"]
    times = report["worker_ms_per_image"].values()
    # Clocks differ, and a worker's threads may wait for a CPU at the same time.
    assert min(times) >= 0
    assert sum(times) >= 1000 / 2 * report["workers"] * report["seconds"] - 25
    return report


def test_a_folder_is_measured_stage_by_stage(folder):
    report = measured(f"file:{folder}", "--pipeline", CROPS, "--workers", "1", "--step-ms", "5")
    assert (report["workers"], report["step_ms"], report["model_images_per_s"]) == (1, 5, 200)
    assert report["pipeline"] == CROPS
    assert report["worker_ms_per_image"].keys() == {
        *("read", "transform", "other"),
        *("cpu_wait", "idle"),
    }
    stages = report["stages"]
    assert stages["samples"] == 2
    assert stages["transform_cpu_ms"] > 0
    sizes = [path.stat().st_size for path in folder.rglob("*.jpg")]
    assert stages["bytes_in"] == sum(sizes) / 2
    assert stages["measured"]["bytes_out"] == 128 + 32 * 32 * 3


def test_originals_in_a_store_are_measured(photos, tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with served() as store:
        for key in ("rocket.jpg", "coffee.jpg"):
            store.pages[f"/bucket/{key}"] = Page(photos[key], {"ETag": '"1"'})
        manifest = tmp_path / "train.csv"
        manifest.write_text("key\nrocket.jpg\ncoffee.jpg\n")
        options = ("--endpoint-url", store.url, "--pipeline", CROPS, "--manifest", str(manifest))
        report = measured("s3://bucket", *options)
    assert report["stages"]["read_ms"] > 0


def test_a_mount_of_a_server_is_measured(folder, tmp_path):
    mount = folder.rename(tmp_path / "photos")
    with serving(tmp_path, mount, "--pipeline", CROPS, JITPREP_WORKERS="1") as server:
        report = measured(f"{server.url}/photos", "--workers", "1")
    assert report["pipeline"] is None
    assert report["stages"] is None
    assert report["worker_ms_per_image"].keys() == {"compute", "cpu_wait", "idle"}


def test_an_overflow_is_measured_with_it(folder, tmp_path):
    mount = folder.rename(tmp_path / "photos")
    with serving(tmp_path, mount, "--pipeline", CROPS, JITPREP_WORKERS="1") as server:
        here, there = f"file:{mount}", f"{server.url}/photos"
        report = measured(here, "--pipeline", CROPS, "--overflow", there, "--max-remote", "8")
    assert report["max_remote"] == 8
    assert report["remote"] + report["redone"] <= 2


def test_the_report_is_printed(folder):
    (folder / "broken.jpg").write_bytes((folder / "rocket.jpg").read_bytes()[:9_000])
    done = jitprep("read", f"file:{folder}", "--pipeline", CROPS, "--workers", "0")
    assert (done.returncode, done.stderr) == (0, "")
    title, fewer, rate, *rest = done.stdout.splitlines()
    assert title == f"file:{folder}: {CROPS}"
    assert fewer == "There is 1 batch, fewer than the 100 asked for."
    assert rate.endswith(" images/s: 1 batch of 32; 1 bad object left out")
    assert [line.partition(":")[0] for line in rest[-2:]] == ["Limit", "Remedy"]


def test_what_is_wrong_is_one_line(folder, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad/broken.jpg").write_bytes(b"not a photograph")
    (tmp_path / "no-keys.csv").write_text("name\na\n")
    here = f"file:{folder}"
    for status, words, *arguments in (
        (2, "for a folder write 'file:photos'", "photos"),
        (2, "is not a folder", "file:nowhere"),
        (2, "unknown step", here, "--pipeline", "resise:8"),
        (2, "there is no preset", here, "--preset", "none"),
        (2, "a folder has no endpoint", here, "--endpoint-url", "http://localhost"),
        (2, "--workers must be", here, "--pipeline", CROPS, "--workers", "many"),
        (2, "needs worker processes", here, "--workers", "0", "--overflow", "lambda:f/b"),
        (2, "makes its own", here, "--pipeline", CROPS, "--overflow", here),
        (2, "--step-ms must be a finite number", here, "--step-ms", "inf"),
        (2, "must be named key", here, "--manifest", tmp_path / "no-keys.csv"),
        (1, "empty has no keys", f"file:{tmp_path / 'empty'}", "--pipeline", CROPS),
        (1, "broken.jpg", f"file:{tmp_path / 'bad'}", "--pipeline", CROPS),
    ):
        done = jitprep("read", *arguments, "--batch-size", "1")
        assert (done.returncode, done.stdout) == (status, ""), done.stderr
        assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1, done.stderr
        assert words in done.stderr


def run(
    *, busy: float = 1.0, queued: float = 0.0, workers: int = 2, waited: float = 1.0, **given: float
) -> LoaderRun:
    """Return a run of a second on two CPUs, in which workers were busy for a share of their time."""
    return LoaderRun(
        stats=LoaderStats(batches=10, images=1000, waited_s=waited, seconds=1.0),
        workers=workers,
        cpus=2,
        batch_size=100,
        step_ms=given.get("step_ms"),
        start_s=0.1,
        worker_use=CpuUse(busy * workers, queued * workers),
        own_use=CpuUse(given.get("own", 0.1), 0.0),
        overflow_use=CpuUse(0.0, 0.0),
        max_remote=given.get("max_remote"),
    )


@pytest.mark.parametrize(
    ("limit", "given"),
    [
        (Limit.MODEL, {"step_ms": 99, "waited": 0.01}),
        (Limit.CPU, {"step_ms": 50, "waited": 0.01}),  # the loop had no CPU either
        (Limit.CPU, {}),
        (Limit.CPU, {"step_ms": 10, "waited": 0.5}),
        (Limit.CPU, {"busy": 0.4, "queued": 0.5}),
        (Limit.WORKERS, {"workers": 1}),
        (Limit.SOURCE, {"busy": 0.2}),
        (Limit.SOURCE, {"busy": 0.2, "workers": 1}),
        (Limit.CONSUMER, {"busy": 0.2, "own": 0.9}),
    ],
)
def test_the_limit_is_what_nothing_waits_beside(limit, given):
    assert find_limit(run(**given)) is limit
    assert judge(run(**given), None, None).limit is limit
    assert LIMITS.keys() == set(Limit)


STAGES = SampleStages(
    samples=32,
    bytes_in=180_000,
    read_ms=0.1,
    read_cpu_ms=0.1,
    transform_cpu_ms=1.8,
    shrinks=4.0,
    decode_share=0.6,
    measured=Measured(
        ms=4.0,
        bytes_in=180_000,
        bytes_out=150_656,
        gets=1,
        range_bytes=180_000,
        base_mb=64,
        working_mb=19,
        samples=4,
    ),
)


def test_overflow_has_the_list_price_of_what_is_missing():
    verdict = judge(run(step_ms=50.0), PIPELINE, STAGES)
    assert verdict.remedy.startswith(
        "this machine makes 1,000 images/s, your model takes 2,000: overflow of 1,000/s costs $"
    )
    assert "list prices in us-east-1" in verdict.remedy
    price = verdict.overflow
    # Machines of two vCPUs, which are used 70% of the time.
    cores = (4.0 + load_overheads().server.cpu_ms(150_656)) / 0.7
    assert (price.machines, price.server) == (math.ceil(cores / 2), "c8g.large")
    assert price.server_usd == pytest.approx(price.machines * 0.07976)
    assert price.s3_get_usd == pytest.approx(3600 * 1000 * 0.0000004)
    assert 0 < price.lambda_usd < 10


def test_where_the_models_speed_is_not_known_a_hundred_images_are_priced():
    verdict = judge(run(), PIPELINE, STAGES)
    assert verdict.remedy.startswith(
        "if your model takes more than 1,000 images/s: overflow of 100/s costs $"
    )
    assert judge(run(), PIPELINE, None).overflow is None


def test_a_remedy_is_one_that_can_help():
    others = judge(run(busy=0.3, queued=0.6), PIPELINE, STAGES)
    assert "other processes use the CPUs too: workers waited for one 60%" in others.remedy
    assert judge(run(busy=0.3, queued=0.6, workers=1), PIPELINE, STAGES).limit is Limit.CPU
    assert "--workers 2" in judge(run(workers=1), PIPELINE, STAGES).remedy
    assert "nearer" in judge(run(busy=0.2), PIPELINE, STAGES).remedy
    assert "give the server" in judge(run(busy=0.2), None, None).remedy
    helped = judge(run(max_remote=64), PIPELINE, STAGES)
    assert helped.remedy.startswith("the overflow made 0 of 1,000 images; give it more CPUs")
    large = SampleStages(**{**vars(STAGES), "shrinks": 40.0})
    assert "40 pixels for each" in judge(run(), PIPELINE, large).remedy
    assert "overflow" in judge(run(step_ms=50.0), PIPELINE, large).remedy
