"""`jitprep demo`: it reads, prints and draws, and reports what fails."""

from __future__ import annotations

from PIL import Image

from ...paths import ROOT
from .command_line import jitprep


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
    for _ in range(2):  # a second run finds nothing of the first
        done = jitprep("demo", "--endpoint-url", local.url, "--picture", tmp_path / "p.png")
        assert done.returncode == 0, done.stderr


def test_demo_reports_failures_and_shows_the_rest(object_lambda_endpoint, tmp_path):
    small = {"JITPREP_MAX_BYTES": "1000000"}  # the sound has more
    endpoint = object_lambda_endpoint(task_root=ROOT, workers=1, worker_env=small)
    done = jitprep("demo", "--endpoint-url", endpoint.url, "--picture", tmp_path / "p.png")
    assert done.returncode == 1
    assert "failed: bunny.wav through whisper: " in done.stderr
    assert "1000000" in done.stderr
    assert "bunny.wav" not in done.stdout
    assert "bikes.mp4" in done.stdout
    assert (tmp_path / "p.png").exists()
