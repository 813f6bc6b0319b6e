"""`jitprep run`, `plan` and `preview` on photographs and sound."""

from __future__ import annotations

import re
from pathlib import Path

from PIL import Image

from preprocessing import Pipeline, Seed

from .command_line import jitprep

SPEC = "grayscale/resize:24,24/png"


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


def test_run_reports_failures_and_does_the_rest(folder, tmp_path):
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


def test_run_draws_as_a_read_of_the_same_key_does(folder, tmp_path):
    """The key of a file is its path in the folder."""
    spec = "random_resized_crop:32/random_horizontal_flip/npy"
    done = jitprep("run", "--seed", "3", spec, folder, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    (source,) = folder.rglob("rocket.jpg")
    key = source.relative_to(folder).as_posix()
    expected = Pipeline.parse(spec).encode(source.read_bytes(), seed=Seed(3, key)).body
    assert (tmp_path / "out" / key).with_suffix(".npy").read_bytes() == bytes(expected)


def test_run_takes_a_folder_of_sounds(sounds, tmp_path):
    spec = "mono/resample:16000/pad_or_trim:0.5/wav"
    done = jitprep("run", spec, sounds, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "2 done, 0 failed" in done.stdout
    for name in ("low.wav", "deeper/high.wav"):
        body = (tmp_path / "out" / name).read_bytes()
        assert body == Pipeline.parse(spec).encode(sounds / name).body
        assert len(body) == Pipeline.parse(spec).output.nbytes == 44 + 2 * 8_000


def test_run_reports_a_photograph_among_sounds(sounds, tmp_path, photos):
    (sounds / "rocket.jpg").write_bytes(photos["rocket.jpg"])
    done = jitprep("run", "mono/flac", sounds, tmp_path / "out")
    assert done.returncode == 1
    assert "2 done, 1 failed" in done.stdout
    assert "the object is an image (image/jpeg), but the pipeline takes audio" in done.stderr


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


def test_preview_reports_errors(folder, tmp_path):
    (folder / "notes.txt").write_text("words")
    for source, target, words in (
        ("rocket.jpg", "sheet.gif", "can be saved as .png or .html, and not as 'sheet.gif'"),
        ("rocket.jpg", "nowhere/sheet.png", "sheet.png cannot be written: No such file or dir"),
        ("notes.txt", "sheet.png", "looks like text"),
        ("none.jpg", "sheet.png", "none.jpg: No such file or directory\n"),
    ):
        done = jitprep("preview", SPEC, folder / source, tmp_path / target)
        assert done.returncode == 1
        assert words in done.stderr
        assert "Traceback" not in done.stderr
