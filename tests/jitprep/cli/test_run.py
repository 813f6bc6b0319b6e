"""`jitprep run`: every file is done, reported or counted, and Ctrl-C leaves no partial file."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from jitprep.cli.commands import app
from jitprep.cli.local.files import CannotRun, plan_run
from jitprep.cli.local.writing import FileWriter
from preprocessing import Pipeline
from preprocessing.cancellation import Cancelled
from preprocessing.encodings._png_writer import write_png

JITPREP = str(Path(sys.executable).with_name("jitprep"))
SMALL = write_png(np.zeros((9, 9, 3), np.uint8), small=True)
NPY = Pipeline.parse("resize:4,4/npy")


def run(*arguments: str | Path):
    return CliRunner().invoke(app, ["run", *map(str, arguments)])


def files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if not p.is_dir())


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.png").write_bytes(SMALL)
    return tmp_path / "in"


def test_hidden_files_are_skipped_and_counted_once(folder, tmp_path):
    for name in (".DS_Store", "Thumbs.db", "desktop.ini", "._a.png", ".git/config", "__MACOSX/x"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"words")
    done = run("resize:4,4/npy", folder, tmp_path / "out")
    assert (done.exit_code, done.stdout) == (0, "1 done, 0 failed, 6 skipped\n")
    assert files(tmp_path / "out") == ["a.npy"]
    alone = run("resize:4,4/npy", folder / ".DS_Store", tmp_path / "x.npy")
    assert (alone.exit_code, alone.stdout) == (1, "0 done, 1 failed\n")


def test_links_are_followed_and_a_dangling_one_fails(folder, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/b.png").write_bytes(SMALL)
    (folder / "train").symlink_to(tmp_path / "elsewhere")
    (folder / "loop").symlink_to(folder)
    (folder / "nowhere.png").symlink_to(tmp_path / "none")
    os.mkfifo(folder / "pipe")
    done = run("resize:4,4/npy", folder, tmp_path / "out")
    assert done.stdout == "2 done, 2 failed, 1 skipped\n"
    assert "nowhere.png: the link points to nothing" in done.stderr
    assert "pipe: not a regular file" in done.stderr
    assert files(tmp_path / "out") == ["a.npy", "train/b.npy"]


def test_a_folder_that_cannot_be_read_fails_the_run(folder, tmp_path, monkeypatch):
    (folder / "shut").mkdir()
    scandir = os.scandir

    def refuse(path):
        if Path(path).name == "shut":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr("jitprep.reader.doors.folder.os.scandir", refuse)
    done = run("resize:4,4/npy", folder, tmp_path / "out")
    assert (done.exit_code, done.stdout) == (1, "1 done, 1 failed\n")
    assert f"{folder}/shut: the folder cannot be read: Permission denied" in done.stderr


def test_a_result_that_cannot_be_written_is_named(folder, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/a.npy").mkdir()
    done = run("resize:4,4/npy", folder, tmp_path / "out")
    assert (done.exit_code, done.stdout) == (1, "0 done, 1 failed\n")
    assert f"a.png: {tmp_path}/out/a.npy cannot be written: Is a directory" in done.stderr
    assert "Errno" not in done.stderr


def test_a_file_that_cannot_be_read_is_named_once(folder, tmp_path, monkeypatch):
    def refuse(path, *_):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("preprocessing.sources._file", refuse)
    done = run("resize:4,4/npy", folder, tmp_path / "out")
    assert done.stderr == f"failed: {folder}/a.png: Permission denied\n"


@pytest.mark.parametrize("spec", ["resize:4,4/npy", "random_horizontal_flip/npy"])
def test_a_name_that_is_not_utf8_fails_alone(folder, tmp_path, spec):
    (folder / os.fsdecode(b"caf\xe9.png")).write_bytes(SMALL)
    done = run(spec, folder, tmp_path / "out")
    assert (done.exit_code, done.stdout) == (1, "1 done, 1 failed\n")
    assert r"caf\xe9.png: the name is not UTF-8; rename the file" in done.stderr


@pytest.mark.parametrize("length", [*range(236, 252), 255])
def test_a_name_may_be_as_long_as_the_disk_allows(folder, tmp_path, length):
    (folder / f"{'x' * (length - 4)}.png").write_bytes(SMALL)
    done = run("resize:4,4/npy", folder, tmp_path / "out")
    assert done.stdout == "2 done, 0 failed\n"
    assert files(tmp_path / "out") == ["a.npy", f"{'x' * (length - 4)}.npy"]


def test_a_full_disk_leaves_nothing(folder, tmp_path):
    done = subprocess.run(
        [JITPREP, "run", "resize:64,64/npy", folder, tmp_path / "out"],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (1, "0 done, 1 failed\n")
    assert "File too large" in done.stderr
    assert files(tmp_path / "out") == []


def test_a_file_that_is_passed_through_keeps_its_name(folder, tmp_path):
    (folder / "labels.csv").write_text("a,b\n1,2\n")
    (folder / "a.txt").write_text("words")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    done = run("image:skip/resize:4,4/npy", folder, tmp_path / "out")
    assert done.stdout == "3 done, 1 failed\n"
    assert files(tmp_path / "out") == ["a.npy", "a.txt", "labels.csv"]
    assert (tmp_path / "out/labels.csv").read_text() == "a,b\n1,2\n"
    done = run("text:skip/lower/text", folder, tmp_path / "texts")
    assert files(tmp_path / "texts") == ["a.png", "a.txt", "broken.jpg", "labels.txt"]


def test_earlier_results_within_an_input_are_skipped(folder):
    for _ in range(2):
        done = run("resize:4,4/png", folder, folder / "out")
        assert done.stdout.startswith("1 done, 0 failed"), done.output
    assert files(folder) == ["a.png", "out/a.png"]


def test_a_result_that_another_needs_as_a_folder_is_refused(folder, tmp_path):
    (folder / "a.npy").mkdir()
    (folder / "a.npy/b.png").write_bytes(SMALL)
    done = run("resize:4,4/npy", folder, tmp_path / "out")
    assert done.exit_code == 1
    assert "needs as a folder" in done.stderr
    assert not (tmp_path / "out").exists()


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from(["a", "b", "a.npy", ".x", "Thumbs.db"]), max_size=2),
            st.sampled_from(["a", "a.jpg", "a.png", "a.npy", "b.", ".y", "c.d.e", "é", "a b"]),
        ),
        max_size=5,
    )
)
def test_every_file_has_its_own_result_or_is_accounted_for(tmp_path_factory, places):
    folder = tmp_path_factory.mktemp("names")
    made = set()
    for above, name in places:
        path = Path(folder, *above, name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(SMALL)
        except OSError:
            continue
        made.add(path)
    try:
        planned = plan_run([folder], folder.with_name("out"), NPY)
    except CannotRun as error:
        refused = str(error)
    else:
        refused = ""
        sources = {job.source for job in planned.jobs}
        assert not planned.failures
        for path in made - sources:
            assert {path, *path.parents} & set(planned.skipped)
        assert len({job.target for job in planned.jobs}) == len(planned.jobs)
    if refused:
        assert not made or "would" in refused or "no files" in refused


def test_a_device_is_written_to_and_not_replaced(folder):
    done = run("resize:4,4/npy", folder / "a.png", "/dev/null")
    assert done.stdout == "1 done, 0 failed\n"
    assert Path("/dev/null").is_char_device()


def test_a_closed_writer_leaves_nothing_and_refuses_writes(tmp_path):
    writer = FileWriter()
    half = tmp_path / ".jitprep-half.part"
    half.touch()
    writer._aside.add(half)
    writer.close()
    assert not half.exists()
    with pytest.raises(Cancelled):
        writer.write(tmp_path / "a", b"words")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_a_run_within_a_second_with_a_count(tmp_path, number):
    (tmp_path / "in").mkdir()
    noise = np.random.default_rng(0).integers(0, 255, (700, 700, 3), dtype=np.uint8)
    body = write_png(noise, small=False)
    for index in range(60):
        (tmp_path / f"in/{index:02}.png").write_bytes(body)
    spec = "exact/resize:1200,1200/png"
    process = subprocess.Popen(
        [JITPREP, "run", spec, tmp_path / "in", tmp_path / "out", "--jobs", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),  # noqa: PLW1509
    )
    while not list((tmp_path / "out").glob("*.png")):
        assert process.poll() is None
        time.sleep(0.02)
    begun = time.monotonic()
    for _ in range(3):  # later signals are ignored
        process.send_signal(number)
        time.sleep(0.05)
    out, err = process.communicate(timeout=20)
    # One second, and another one for a busy machine.
    assert time.monotonic() - begun < 2
    assert process.returncode == 128 + number
    assert err.strip().endswith("interrupted")
    assert "Traceback" not in err
    written = files(tmp_path / "out")
    assert all(name.endswith(".png") and not name.startswith(".") for name in written)
    assert out == f"{len(written)} done, 0 failed, {60 - len(written)} not done\n"
    assert len({(tmp_path / "out" / name).stat().st_size for name in written}) == 1


@pytest.mark.parametrize("command", ["run", "plan", "preview", "cost"])
def test_each_command_takes_a_preset_and_explains_a_wrong_one(
    folder, tmp_path, command, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    rest = {"run": ["out.png"], "preview": ["out.png"], "plan": [], "cost": ["--json"]}[command]
    option = ["--pipeline"] if command == "cost" else []
    asked = [command, *option, "{}", str(folder / "a.png"), *rest]
    right, wrong = (
        CliRunner().invoke(app, [each.format(preset) for each in asked])
        for preset in ("grayscale-224", "grayscale-24")
    )
    assert right.exit_code == 0
    assert wrong.exit_code == 2
    assert len(wrong.stderr.splitlines()) == 1
    assert "or did you mean the preset 'grayscale-224'?" in wrong.stderr


def test_the_version_and_completion():
    done = CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.stdout) == (0, "jitprep 0.1.0\n")
    assert "--install-completion" in CliRunner().invoke(app, ["--help"]).stdout
