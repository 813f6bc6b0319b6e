"""`jitprep backfill` with processes on this machine."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from jitprep.reader import open_reader
from preprocessing import Pipeline
from preprocessing.encodings._png_writer import write_png

from .stage import assert_survives_kill, begin, finish, invoke, small_photos, wait_for


def test_killed_half_way_and_run_again_it_does_no_object_twice(stage):
    assert_survives_kill(stage, stage.command("--processes", "2"))


def test_ctrl_c_ends_it_and_the_same_command_resumes(stage):
    stage.fill(100)
    with begin(stage.command("--processes", "2")) as child:
        wait_for(stage, "small/train/1/", child)
        os.killpg(child.pid, signal.SIGINT)
        counted, told = child.communicate()
    assert child.returncode == 130
    assert re.fullmatch(r"\d+ done, 0 already there, 0 failed\n", counted)
    assert "interrupted; run the same command to resume" in told
    assert "Traceback" not in told
    assert 0 < len(stage.versions()) < 100
    assert finish(stage.command()).returncode == 0
    assert set(stage.versions().values()) == {1} and len(stage.versions()) == 100


@pytest.mark.parametrize("form", ["objects", "tar"])
def test_ctrl_c_ends_it_within_a_second(stage, form):
    noise = np.random.default_rng(0).integers(0, 255, (500, 500, 3), dtype=np.uint8)
    for number in range(8):
        stage.put(f"train/{number}.png", write_png(noise, small=False))
    command = stage.command("--processes", "1", "--format", form)
    slow = [*command, "--pipeline", "exact/resize:5000,5000/denoise_tv/png"]
    with begin(slow) as child:
        while not _works(child.pid):
            assert child.poll() is None
            time.sleep(0.05)
        time.sleep(0.5)  # until it reads
        begun = time.monotonic()
        for _ in range(3):  # later signals are ignored
            os.killpg(child.pid, signal.SIGINT)
            time.sleep(0.05)
        counted, told = child.communicate()
    # One second, and another one for a busy machine.
    assert time.monotonic() - begun < 2
    assert (child.returncode, counted) == (130, "0 done, 0 already there, 0 failed\n")
    assert "Traceback" not in told
    assert stage.versions() == {}


def _works(parent: int) -> bool:
    try:
        return _worker_of(parent) > 0
    except (ValueError, OSError):  # not yet
        return False


@pytest.mark.usefixtures("in_threads")
def test_hidden_objects_are_counted_and_are_not_failures(stage):
    ((key, photo),) = small_photos(1)
    for name in (key, "train/tail/", "train/a/./b.jpg"):
        stage.put(name, photo)
    hidden = ("train/.DS_Store", "train/a/Thumbs.db", "train/a/._b.jpg", "train/.git/config")
    for name in hidden:
        stage.put(name, b"words")
    stage.put("train/marker/", b"")
    done = invoke(stage.command())
    assert done.stdout == "3 done, 0 already there, 0 failed, 4 hidden ones skipped\n"
    copied = {name.removeprefix("small/") for name in stage.versions()}
    assert copied == {key, "train/tail/", "train/a/./b.jpg"}
    told = invoke([*stage.command(), "--dry-run"]).output
    assert "3 originals of" in told
    assert "0 to do, 4 hidden ones skipped" in told
    reader = open_reader(f"s3://{stage.source}")
    assert set(reader.keys("train/")) == copied


def test_a_source_with_only_hidden_objects_is_an_error(stage):
    stage.put("train/.DS_Store", b"words")
    done = invoke(stage.command())
    assert done.exit_code == 1
    assert "only 1 hidden ones" in done.output


def test_a_process_that_dies_is_reported(stage):
    stage.fill(100)
    with begin(stage.command("--processes", "1")) as child:
        wait_for(stage, "small/train/1/", child)
        os.kill(_worker_of(child.pid), signal.SIGKILL)
        _, told = child.communicate()
    assert child.returncode == 1
    assert "a process died, perhaps because memory ran out" in told


def _worker_of(parent: int) -> int:
    """Return a worker process of a command."""
    (server,) = (
        child
        for child in _children(parent)
        if b"forkserver" in Path(f"/proc/{child}/cmdline").read_bytes()
    )
    (worker,) = _children(server)
    return worker


def _children(parent: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


@pytest.mark.usefixtures("in_threads")
def test_failures_are_printed_and_written_to_a_file(stage, tmp_path):
    for number in range(25):
        stage.put(f"train/{number:02d} [bold].txt", b"words")
    ((key, photo),) = small_photos(1)
    stage.put(key, photo)
    errors = tmp_path / "errors.jsonl"
    done = invoke(stage.command("--errors", str(errors)))
    assert done.exit_code == 1
    assert done.stdout == "1 done, 0 already there, 25 failed\n"
    assert done.stderr.count("failed: train/") == 20
    assert "failed: train/00 [bold].txt: " in done.stderr
    assert f"and 5 more, in {errors}" in done.stderr
    lines = [json.loads(line) for line in errors.read_text().splitlines()]
    assert sorted(line["key"] for line in lines) == [f"train/{n:02d} [bold].txt" for n in range(25)]
    assert all("looks like text" in line["reason"] for line in lines)


def test_a_dry_run_counts_and_copies_nothing(stage):
    stage.fill(5)
    command = stage.command("--format", "tar", "--dry-run")
    told = invoke(command).output
    assert "5 originals of" in told
    assert "in 1 shards: 0 already there, 5 to do" in told
    assert stage.versions() == {}
    stage.run(stage.job(format="tar"))
    assert "5 already there, 0 to do" in invoke(command).output


@pytest.mark.usefixtures("in_threads")
def test_a_preset_is_used_by_name(stage):
    ((key, photo),) = small_photos(1)
    stage.put(key, photo)
    done = invoke([*stage.command(), "--pipeline", "grayscale-224"])
    assert done.exit_code == 0, done.stderr
    expected = Pipeline.parse("grayscale/resize:224,224/png").encode(photo)
    copy = stage.read(f"small/{key}")
    assert copy["Body"] == expected.body
    assert copy["Metadata"]["jitprep-fingerprint"] == expected.metadata["fingerprint"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--pipeline", "resise:8"], "resize"),
        (["--pipeline", "imagnet"], "did you mean the preset 'imagenet'?"),
        (["--to", "copies"], "write the location as s3://bucket/prefix"),
        (["--to", "s3://nowhere-at-all"], "NoSuchBucket"),
        (["--dry-run"], "there are no objects at s3://photos-"),
        (
            ["--engine", "s3-batch"],
            "--engine s3-batch needs --function-arn, --role-arn and --job-folder",
        ),
        (["--shards", "3"], "--shards needs --format tar or parquet"),
        (["--errors", "/nowhere/at/all"], "/nowhere/at/all"),
        (["--role-arn", "x"], "need --engine s3-batch"),
        (["--manifest-generator"], "--manifest-generator needs --engine s3-batch"),
    ],
)
def test_errors_are_explained(stage, arguments, words):
    """The status is 2 for a wrong command, and 1 for an error of S3 or the disk."""
    if arguments != ["--dry-run"]:
        stage.put("train/a.jpg", b"words")
    done = invoke([*stage.command(), *arguments])
    assert done.exit_code == (
        1 if words in {"NoSuchBucket", "/nowhere/at/all"} or "no object" in words else 2
    )
    assert words in done.output
    assert isinstance(done.exception, SystemExit)
