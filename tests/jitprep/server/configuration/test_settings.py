"""The server's settings: what is wrong is one line, and what is right is what is served."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from jitprep.server.__main__ import main
from jitprep.server.configuration.folder_config import mount_name
from jitprep.server.configuration.settings import ServerSettings
from tests.paths import ROOT

from ..running import PLAIN
from .wrong_settings import KEY, LITERAL, MOUNT, S3, WRONG


@pytest.fixture
def write(own_settings, tmp_path):
    """Return a function that writes a configuration, and returns its path."""
    own_settings.setenv("ID", "trainer")
    own_settings.setenv("SECRET", "hunter2")
    own_settings.setenv("EMPTY", "")

    def write(text: str) -> Path:
        path = tmp_path / "jitprep.toml"
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        return path

    return write


def refusal(capsys, *arguments: str | Path) -> str:
    """Return the line that the command ends with."""
    assert main([*map(str, arguments), "--port", "0"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert said.err.count("\n") == 1 and said.err.endswith("\n")
    return said.err


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_setting_is_one_line_that_names_it(write, capsys, case):
    text, says = WRONG[case]
    assert says in refusal(capsys, "--config", write(text), "--check")


@pytest.mark.parametrize("case", LITERAL)
def test_a_secret_must_be_a_reference_and_is_not_repeated(write, capsys, case):
    said = refusal(capsys, "--config", write(LITERAL[case]), "--check")
    assert "must be a reference, env:NAME or file:PATH" in said
    assert not any(secret in said for secret in ("hunter", "AKIA", "31337"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WORKERS", "many"),
        ("QUEUE", "0"),
        ("TIMEOUT", "-1"),
        ("DOMAIN", "a b"),
        ("MAX_BYTES", "1e9"),
        ("REQUEST_OVERRIDES", "all"),
        ("LIST_UNKNOWN_SIZES", "no"),
        ("PRESETS", "/no/such/file"),
        ("BUCKETS", "A B"),
    ],
)
def test_a_wrong_variable_is_one_line_that_names_it(write, own_settings, capsys, name, value):
    own_settings.setenv(f"JITPREP_{name}", value)
    said = refusal(capsys, "--config", write(MOUNT), "--check")
    assert value in said
    assert f"JITPREP_{name}" in said or "presets file" in said


def test_a_file_that_cannot_be_read_is_one_line(own_settings, capsys, tmp_path):
    assert "No such file" in refusal(capsys, "--config", tmp_path / "none.toml")
    assert "Is a directory" in refusal(capsys, "--config", tmp_path)
    own_settings.setenv("JITPREP_CONFIG", "/no/such.toml")
    assert "/no/such.toml" in refusal(capsys)


def test_a_preset_of_the_file_and_a_spec_as_a_table_are_pipelines(write, capsys):
    text = (
        '[presets]\nmine = "resize:8/npy"\n'
        '[mounts.one]\nsource = "."\npipeline = "mine"\n'
        '[mounts.two]\nsource = "."\n[mounts.two.pipeline]\n'
        "version = 1\nsteps = [{resize = {size = 8}}]\nencode = {npy = {}}\n"
    )
    assert main(["--config", str(write(text)), "--check"]) == 0, capsys.readouterr().err
    assert [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()] == [
        "one",
        "two",
    ]


def test_a_check_prints_the_mounts_and_no_secret(write, capsys):
    text = f"{MOUNT}anonymous = true\n{S3.replace('photos', 'bucket')}{KEY}".replace("*", "bucket")
    text += '[mounts.closed]\nsource = "."\npipeline = "npy"\n'
    text = text.replace("s3://bucket", "s3://bucket/a/prefix")
    assert main(["--config", str(write(text)), "--check"]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "bucket: s3://bucket/a/prefix/, with a key",
        f"closed: file://{Path.cwd()}/, which no key of [keys] may read",
        f"photos: file://{Path.cwd()}/, anonymous",
    ]
    assert said.err == ""


def test_the_environment_precedes_the_file(write, own_settings):
    own_settings.setenv(
        "JITPREP_CONFIG", str(write(f"queue = 3\ntimeout = 4\nworkers = 5\n{MOUNT}"))
    )
    own_settings.setenv("JITPREP_QUEUE", "7")
    own_settings.setenv("JITPREP_WORKERS", "2")
    found = ServerSettings.read()
    timeout = found.mounts["photos"].timeout_s
    assert (found.queue, timeout, found.workers) == (7, 4, 2)


def test_a_mount_has_its_own_limits_and_the_common_ones(write, own_settings):
    own_settings.setenv("JITPREP_MAX_SIDE", "100")
    text = (
        f"max_pixels = 5\nmax_side = 1\ntimeout = 9\n{MOUNT}max_bytes = 7\n"
        f"{MOUNT.replace('photos', 'others')}max_side = 3\ntimeout = 2"
    )
    own_settings.setenv("JITPREP_CONFIG", str(write(text)))
    photos, others = (ServerSettings.read().mounts[name] for name in ("photos", "others"))
    assert (photos.policy.limits.source_bytes, photos.policy.limits.side) == (7, 100)
    assert (others.policy.limits.side, others.policy.limits.pixels) == (3, 5)
    assert (photos.timeout_s, others.timeout_s) == (9, 2)


def test_a_folder_is_served_to_this_machine_only(own_settings, capsys, photographs):
    for option in (("--host", "0.0.0.0"), ("--host", "127.0.0.1"), ("--config", "a.toml")):
        said = refusal(capsys, photographs, "--pipeline", "npy", *option)
        assert said.startswith(f"error: {option[0]} is not for a folder")
    assert "there is no folder" in refusal(capsys, photographs / "none", "--pipeline", "npy")
    photo = next(photographs.iterdir())
    assert "serve the folder that it is in" in refusal(capsys, photo, "--pipeline", "npy")
    assert "name a pipeline" in refusal(capsys, photographs)
    assert "--pipeline: there is no preset 'nope'" in refusal(
        capsys, photographs, "--pipeline", "nope"
    )
    assert "--pipeline is for a folder" in refusal(capsys, "--pipeline", "npy")


def test_a_port_that_cannot_be_used_is_one_line_with_a_remedy(own_settings, capsys, photographs):
    def refused(port: int) -> str:
        assert main([str(photographs), "--pipeline", "npy", "--port", str(port)]) == 2
        return capsys.readouterr().err

    with socket.create_server(("127.0.0.1", 0)) as other:
        assert "another process listens there; choose another --port" in refused(
            other.getsockname()[1]
        )
    for port in (-1, 65_536, 80_000):
        assert refused(port).endswith("a port is a number from 0 to 65535\n")


@pytest.mark.parametrize(
    ("folder", "mount"),
    [("Photos 2024", "photos-2024"), ("metrics", "files"), ("ü", "files"), ("a", "files")],
)
def test_a_folders_mount_is_named_for_it(tmp_path, folder, mount):
    assert mount_name(tmp_path / folder) == mount


def test_without_a_configuration_the_message_says_what_to_do(own_settings, capsys, tmp_path):
    own_settings.chdir(tmp_path)
    own_settings.setattr("jitprep.service.settings._FILES", (Path("jitprep.toml"),))
    assert "jitprep serve FOLDER --pipeline" in refusal(capsys)


@pytest.mark.parametrize("command", [["-m", "jitprep.server"], ["-m", "jitprep.cli.main", "serve"]])
def test_a_wrong_configuration_ends_the_process_with_status_2(tmp_path, command):
    path = tmp_path / "jitprep.toml"
    path.write_text("quee = 3")
    done = subprocess.run(
        [sys.executable, *command, "--config", str(path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=PLAIN,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1


def test_the_command_passes_its_arguments_on(photographs):
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, cwd=ROOT, env=PLAIN, check=False
        )

    for arguments in (
        ("--help",),
        ("-h",),
        (str(photographs), "--pipeline", "npy", "--check"),
        ("--check", "--pipeline", "npy", str(photographs)),
        ("--port", "no"),
        ("--nonsense",),
    ):
        ours = run("jitprep.cli.main", "serve", *arguments)
        its = run("jitprep.server", *arguments)
        assert (ours.returncode, ours.stdout, ours.stderr) == (
            its.returncode,
            its.stdout,
            its.stderr,
        )
