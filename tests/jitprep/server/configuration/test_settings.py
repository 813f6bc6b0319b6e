"""The server's settings: what is wrong is one line, and what is right is what is served."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from jitprep.server.__main__ import main
from jitprep.server.configuration.folder_config import mount_name
from jitprep.server.configuration.settings import ServerSettings
from tests.paths import ROOT

from ..running import PLAIN

MOUNT = '[mounts.photos]\nsource = "."\npipeline = "npy"\n'
S3 = '[mounts.photos]\nsource = "s3://bucket"\npipeline = "npy"\n'
KEY = '[keys.k]\naccess_key_id = "env:ID"\nsecret_access_key = "env:SECRET"\nmounts = ["*"]\n'

WRONG = {
    "no mounts": ("", "has no mounts"),
    "mounts is not a table": ("mounts = 3", "mounts must be a table"),
    "a mount is not a table": ("[mounts]\nphotos = 3", "mounts.photos must be a table"),
    "not TOML": ("[mounts", "is not TOML"),
    "not UTF-8": ('domain = "\udcff"', "is not TOML"),
    "an unknown setting": (f"quee = 3\n{MOUNT}", "'quee' is not a setting"),
    "an unknown setting of a mount": (f"{MOUNT}pipelin = 3", "mounts.photos.pipelin is not a s"),
    "no source": ('[mounts.photos]\npipeline = "npy"', "mounts.photos.source"),
    "a scheme": (MOUNT.replace('"."', '"ftp://host"'), "ftp:// is not a source"),
    "a bucket's name": (MOUNT.replace('"."', '"s3://"'), "the name of a bucket"),
    "a secret in the URL": (MOUNT.replace('"."', '"https://a:b@c/"'), "the name of a host"),
    "a query in the URL": (MOUNT.replace('"."', '"https://c/?sig=1"'), "no query"),
    "a folder that is not there": (MOUNT.replace('"."', '"/no/such"'), "/no/such is not a folder"),
    "no pipeline": ('[mounts.photos]\nsource = "."', "mounts.photos.pipeline"),
    "a preset": (MOUNT.replace('"npy"', '"imagenett"'), "imagenet-uint8"),
    "a step": (MOUNT.replace('"npy"', '"resiz:3/npy"'), "resize"),
    "a pipeline of another type": (MOUNT.replace('"npy"', "3"), "mounts.photos.pipeline"),
    "a preset's spec": (f'[presets]\na = "x:"\n{MOUNT.replace(chr(34) + "npy", chr(34) + "a")}', "x"),
    "presets is not a table": (f"presets = 3\n{MOUNT}", "presets must be a table"),
    "overrides as text": (f'{MOUNT}overrides = "seed"', "overrides must be a list"),
    "an unknown override": (f'{MOUNT}overrides = ["seeds"]', "pipeline, seed"),
    "anonymous as text": (f'{MOUNT}anonymous = "yes"', "anonymous must be true or false"),
    "unsigned as text": (f'{S3}unsigned = "yes"', "unsigned must be true or false"),
    "a limit of nothing": (f"{MOUNT}max_bytes = 0", "mounts.photos.max_bytes must be a whole num"),
    "a limit below nothing": (f"{MOUNT}max_pixels = -1", "max_pixels must be a whole number"),
    "a limit as a fraction": (f"{MOUNT}max_side = 1.5", "max_side must be a whole number"),
    "a timeout as text": (f'{MOUNT}timeout = "long"', "mounts.photos.timeout must be a whole"),
    "unknown sizes": (f'{MOUNT}list_unknown_sizes = "no"', "source, hide, mark"),
    "an endpoint for a folder": (f'{MOUNT}endpoint = "http://a"', "for s3:// sources only"),
    "a webhook for a folder": (f'{MOUNT}webhook_token = "env:ID"', "for s3:// sources only"),
    "a region for a folder": (f'{MOUNT}region = "a"', "region is for s3:// sources only"),
    "an endpoint without a scheme": (f'{S3}endpoint = "minio:9000"', "endpoint must be the URL"),
    "an endpoint of no host": (f'{S3}endpoint = "http://"', "endpoint must be the URL"),
    "an endpoint with a query": (f'{S3}endpoint = "http://a/?b"', "without a user and a query"),
    "a secret in the endpoint": (f'{S3}endpoint = "http://a:b@c"', "without a user and a query"),
    "one credential": (f'{S3}access_key_id = "env:ID"', "give both"),
    "the other credential": (f'{S3}secret_access_key = "env:ID"', "give both"),
    "credentials that are not set": (
        f'{S3}access_key_id = "env:NONE"\nsecret_access_key = "env:NONE"', "env:NONE is empty"
    ),
    "a credential of no file": (
        f'{S3}access_key_id = "file:/no/such"\nsecret_access_key = "env:ID"', "cannot be read"
    ),
    "a token of no variable": (f'{S3}webhook_token = "env:NONE"', "env:NONE is empty"),
    "a reserved name": (MOUNT.replace("photos", "healthz"), "not healthz, metrics, readyz"),
    "a reserved name too": (MOUNT.replace("photos", "metrics"), "not healthz, metrics, readyz"),
    "a name with an underscore": (MOUNT.replace("photos", "_batch"), "mounts._batch"),
    "a name in capitals": (MOUNT.replace("photos", "Photos"), "mounts.Photos"),
    "a short name": (MOUNT.replace("photos", "ab"), "3 to 63"),
    "a domain": (f'domain = "http://a"\n{MOUNT}', "must be a domain"),
    "no workers": (f"workers = 0\n{MOUNT}", "workers must be a whole number"),
    "a queue as text": (f'queue = "long"\n{MOUNT}', "queue must be a whole number"),
    "a timeout of nothing": (f"timeout = 0\n{MOUNT}", "timeout must be a whole number"),
    "a timeout of years": (f"timeout = {10**12}\n{MOUNT}", "timeout may be 86400 seconds"),
    "a mount's timeout of years": (f"{MOUNT}timeout = {10**30}", "mounts.photos.timeout may be"),
    "memory of no size": (f'memory = "much"\n{MOUNT}', "much"),
    "keys is not a table": (f"keys = 3\n{MOUNT}", "keys must be a table"),
    "a key without mounts": (MOUNT + KEY.replace('mounts = ["*"]', ""), "keys.k must be a table of"),
    "a key for nothing": (MOUNT + KEY.replace('"*"', ""), "keys.k.mounts must be a list"),
    "a key for text": (MOUNT + KEY.replace('["*"]', '"photos"'), "keys.k.mounts must be a list"),
    "a key for an unknown mount": (MOUNT + KEY.replace("*", "other"), "there is no mount 'other'"),
    "a key with another member": (f"{MOUNT}{KEY}role = 3", "keys.k must be a table of"),
    "a key that is not set": (MOUNT + KEY.replace("SECRET", "NONE"), "env:NONE is empty"),
    "two keys with one ID": (MOUNT + KEY + KEY.replace("keys.k", "keys.l"), "same access_key_id"),
}  # fmt: skip
# Of these the message must not have the value.
LITERAL = {
    "a literal key": MOUNT + KEY.replace("env:ID", "AKIAHUNTER"),
    "a literal secret": MOUNT + KEY.replace("env:SECRET", "hunter2"),
    "a literal with a colon": MOUNT + KEY.replace("env:SECRET", "hunter:2"),
    "a reference to nothing": MOUNT + KEY.replace("env:SECRET", "env:"),
    "a number": MOUNT + KEY.replace('"env:SECRET"', "31337"),
    "a literal of a source": f'{S3}access_key_id = "AKIAHUNTER"\nsecret_access_key = "hunter2"',
    "a literal token": f'{S3}webhook_token = "hunter2"',
}


@pytest.fixture
def write(own_settings, tmp_path):
    """Return a function that writes a configuration, and returns its path."""
    own_settings.setenv("ID", "trainer")
    own_settings.setenv("SECRET", "hunter2")

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


@pytest.mark.parametrize("port", ["-1", "65536"])
def test_a_port_that_there_is_not_is_one_line_too(write, capsys, port):
    assert main(["--config", str(write(MOUNT)), "--port", port]) == 2
    assert capsys.readouterr().err == (
        f"error: cannot listen on 0.0.0.0, port {port}: a port is from 0 to 65535\n"
    )


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
    text = f"{MOUNT}anonymous = true\n{S3.replace('photos', 'bucket')}{KEY}"
    text = text.replace("s3://bucket", "s3://bucket/a/prefix")
    assert main(["--config", str(write(text)), "--check"]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "bucket: s3://bucket/a/prefix/, with a key",
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
    assert (found.queue, found.timeout_s, found.workers) == (7, 4, 2)


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
        assert "to this machine only" in said
    assert "is not a folder" in refusal(capsys, photographs / "none", "--pipeline", "npy")
    assert "name a pipeline" in refusal(capsys, photographs)
    assert "neither a preset" in refusal(capsys, photographs, "--pipeline", "nope")
    assert "--pipeline is for a folder" in refusal(capsys, "--pipeline", "npy")


@pytest.mark.parametrize(
    ("folder", "mount"),
    [("Photos 2024", "photos-2024"), ("metrics", "files"), ("ü", "files"), ("a", "files")],
)
def test_a_folders_mount_is_named_for_it(tmp_path, folder, mount):
    assert mount_name(tmp_path / folder) == mount


def test_without_a_configuration_the_message_says_what_to_do(own_settings, capsys, tmp_path):
    own_settings.chdir(tmp_path)
    own_settings.setattr("jitprep.server.__main__._PLACES", (Path("jitprep.toml"),))
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
