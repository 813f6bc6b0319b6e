"""What each command imports, and what it says where an extra is not installed."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys

import pytest

from jitprep.cli.commands import COMMANDS, load_command

# Libraries that `jitprep[cli]` does not install.
FOREIGN = (
    *("awslambdaric", "av", "boto3", "botocore", "flask", "httpx", "moto", "obstore"),
    *("pyarrow", "pybase64", "ray", "skimage", "starlette", "torch", "urllib3", "uvicorn"),
)


def run_without(libraries: tuple[str, ...], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process that cannot import the libraries."""
    program = (
        f"import sys\nsys.modules.update(dict.fromkeys({libraries!r}))\n"
        f"sys.argv[1:] = {list(arguments)!r}\nfrom jitprep.cli.main import main\nmain()"
    )
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120
    )


def test_local_commands_need_only_the_extra_cli(folder, tmp_path):
    photo = str(folder / "rocket.jpg")
    for arguments in (
        ("--help",),
        ("--version",),
        ("run", "resize:8/npy", photo, str(tmp_path / "rocket.npy")),
        ("plan", "--time", "resize:8/npy", photo),
        ("preview", "resize:8/npy", photo, str(tmp_path / "sheet.png")),
        ("cost", photo, "--pipeline", "resize:8/npy"),
        ("simulate", photo, "--pipeline", "resize:8/npy", "--readers=2", "--objects=100"),
        ("read", f"file:{folder}", "--pipeline", "resize:8,8/npy"),
    ):
        done = run_without(FOREIGN, *arguments)
        assert done.returncode == 0, done.stderr


def test_a_cost_without_the_functions_libraries_assumes_their_memory(folder):
    photo = str(folder / "rocket.jpg")
    done = run_without(FOREIGN, "cost", photo, "--pipeline=resize:8/npy", "--json")
    assert "5 MB" in done.stderr
    whole = run_without((), "cost", photo, "--pipeline=resize:8/npy", "--json")
    without, with_ = (json.loads(run.stdout)["measured"]["base_mb"] for run in (done, whole))
    assert without == pytest.approx(with_, rel=0.3)


@pytest.mark.parametrize(
    ("command", "extras"),
    [("up", "cli,emulator"), ("demo", "demo"), ("backfill", "backfill")],
)
def test_a_command_names_its_missing_extra_in_one_line(command, extras):
    done = run_without(FOREIGN, command)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: jitprep {command} needs ")
    assert done.stderr.endswith(f", which is not installed: pip install 'jitprep[{extras}]'\n")
    assert done.stderr.count("\n") == 1


def test_a_server_names_its_missing_extra_in_one_line(folder):
    done = run_without(FOREIGN, "serve", str(folder), "--pipeline", "npy")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: jitprep serve needs ")
    assert done.stderr.endswith(", which is not installed: pip install 'jitprep[server]'\n")
    assert done.stderr.count("\n") == 1


def test_the_help_of_a_server_needs_no_extra():
    done = run_without(FOREIGN, "serve", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: jitprep serve ")


@pytest.mark.parametrize("library", ["av", "skimage", "skvideo"])
def test_a_demo_names_its_extra_where_the_emulators_is_installed(library):
    done = run_without((library,), "demo")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: the demo's ")
    assert done.stderr.endswith(": pip install 'jitprep[demo]'\n")
    assert done.stderr.count("\n") == 1


def test_a_cost_names_what_its_options_need(folder, tmp_path):
    done = run_without(FOREIGN, "cost", "--pipeline=npy")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "name a SAMPLE file" in done.stderr
    prices = f"--prices={tmp_path / 'prices.toml'}"
    photo = str(folder / "rocket.jpg")
    done = run_without(FOREIGN, "cost", photo, "--pipeline=npy", "--refresh", prices)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "jitprep[backfill]" in done.stderr


def test_a_plain_install_names_the_extra():
    for arguments in ((), ("--help",), ("run", "npy", "a", "b")):
        done = run_without(("typer",), *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == (
            "error: jitprep needs typer, which is not installed: pip install 'jitprep[cli]'\n"
        )


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_has_the_first_line_of_each_help(name):
    help_text = inspect.cleandoc(load_command(name).help)
    assert help_text.partition("\n")[0] == COMMANDS[name].summary
