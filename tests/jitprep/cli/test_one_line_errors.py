"""Errors before and after a command's work: one line on standard error, and an exit status."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .command_line import JITPREP, jitprep


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
        (
            ["plan", "npy", "a.jpg"],
            {"JITPREP_STEPS": "no_steps"},
            "the module 'no_steps' cannot be",
        ),
        (["up"], {"JITPREP_STEPS": "no_steps"}, "JITPREP_STEPS: the module 'no_steps' cannot be"),
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


def test_a_wrong_memory_is_one_line_for_every_command(monkeypatch):
    monkeypatch.setenv("JITPREP_MEMORY", "lots")
    command = [sys.executable, "-m", "jitprep.cli.main", "up"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: JITPREP_MEMORY must be bytes")
    assert done.stderr.count("\n") == 1


def test_an_empty_path_is_not_the_current_folder(folder, tmp_path):
    photo = folder / "rocket.jpg"
    for arguments in (
        ("run", "npy", "", tmp_path / "out"),
        ("run", "npy", photo, ""),
        ("plan", "npy", ""),
        ("preview", "npy", photo, ""),
        ("cost", "", "--pipeline", "npy"),
    ):
        done = jitprep(*arguments)
        assert done.returncode == 2, arguments
        assert done.stderr == "error: a path is empty; write . for the current folder\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has /dev/full")
@pytest.mark.parametrize("command", ["run", "plan", "preview", "cost", "--help", "--version"])
def test_output_that_cannot_be_written_is_an_error(folder, tmp_path, command):
    photo = str(folder / "rocket.jpg")
    arguments = {
        "run": ["npy", photo, str(tmp_path / "rocket.npy")],
        "plan": ["npy", photo],
        "preview": ["npy", photo, str(tmp_path / "sheet.png")],
        "cost": [photo, "--pipeline", "resize:8/npy"],
    }
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [JITPREP, command, *arguments.get(command, [])],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 1
    assert done.stderr.strip() == (
        "error: standard output cannot be written: No space left on device"
    )


def test_an_encoding_without_the_characters_shows_question_marks(folder):
    arguments = (JITPREP, "cost", str(folder / "rocket.jpg"), "--pipeline", "resize:8/npy")
    done = subprocess.run(
        arguments,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "1,000,000 objects ? 10 epochs" in done.stdout


def test_a_closed_standard_output_is_no_error(folder):
    command = f"exec '{JITPREP}' plan npy '{folder / 'rocket.jpg'}' >&-"
    done = subprocess.run(
        ["sh", "-c", command], stderr=subprocess.PIPE, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
