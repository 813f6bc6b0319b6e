"""deploy/publish, with the real AWS command line against moto's ECR, and its dry run."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.deploy import stack
from tests.deploy.command_line import parsed

PUBLISH = stack.PATH.with_name("publish")
REGION = "eu-west-1"
# Replaces Docker: it logs its arguments and pushes a manifest as Docker would.
DOCKER = """#!{python}
import json, sys
import boto3
with open({log!r}, "a") as log:
    log.write(json.dumps(sys.argv[1:]) + "\\n")
arguments = sys.argv[1:]
if arguments[0] == "login":
    assert sys.stdin.read().strip()
if arguments == ["buildx", "version"]:
    sys.exit({buildx})
if arguments[0] == "version":
    print("amd64")
if "--push" in arguments or arguments[0] == "push":
    image = arguments[arguments.index("--tag") + 1] if "--push" in arguments else arguments[1]
    name, tag = image.partition("/")[2].split(":")
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    config = dict(digest="sha256:" + "0" * 64)
    manifest = dict(schemaVersion=2, mediaType=kind, config=config, layers=[], annotations=dict(t=tag))
    ecr = boto3.client("ecr", {region!r})
    try:
        ecr.put_image(repositoryName=name, imageTag=tag, imageManifest=json.dumps(manifest))
    except ecr.exceptions.ImageAlreadyExistsException:
        pass  # a registry accepts the same image again
"""


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """moto's server: STS and ECR."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def environment(tmp_path: Path, endpoint: str) -> Mapping[str, str]:
    """A machine with the AWS command line, credentials, git and a replacement of Docker."""
    tools = tmp_path / "bin"
    tools.mkdir()
    aws = shutil.which("aws", path=str(Path(sys.executable).parent)) or shutil.which("aws")
    assert aws
    (tools / "aws").symlink_to(aws)
    made = {
        "PATH": f"{tools}:/usr/bin:/bin",
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    _docker(tmp_path, buildx=True)
    return made


def _docker(folder: Path, *, buildx: bool) -> None:
    path = folder / "bin/docker"
    log = str(folder / "docker.log")
    path.write_text(
        DOCKER.format(python=sys.executable, log=log, buildx=0 if buildx else 1, region=REGION)
    )
    path.chmod(0o755)


def _told(folder: Path) -> list[list[str]]:
    return [json.loads(line) for line in (folder / "docker.log").read_text().splitlines()]


def publish(environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PUBLISH, *arguments], env=dict(environment), capture_output=True, text=True, check=False
    )


def test_it_builds_pushes_and_prints_how_to_deploy(environment, endpoint, tmp_path):
    done = publish(environment, "--region", REGION, "--create-repository")
    assert done.returncode == 0, done.stderr
    ecr = boto3.client(
        "ecr", REGION, endpoint_url=endpoint, aws_access_key_id="test", aws_secret_access_key="test"
    )
    pushed = {
        it["imageTag"]: it["imageDigest"]
        for it in ecr.list_images(repositoryName="jitprep")["imageIds"]
    }
    digests = {tag.rpartition("-")[2]: digest for tag, digest in pushed.items()}
    assert digests.keys() == {"arm64", "amd64"}
    builds = [told for told in _told(tmp_path) if told[:2] == ["buildx", "build"]]
    for told, arch in zip(builds, ("arm64", "amd64"), strict=True):
        assert told[told.index("--platform") + 1] == f"linux/{arch}"
        assert {"--provenance=false", "--sbom=false", "--push"} <= set(told)
        assert told[told.index("--target") + 1] == "function"
    commands = [parsed(command) for command in _commands(done.stdout)]
    registry = f"{stack.ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/jitprep"
    assert [_overrides(it)["ImageUri"] for it in commands] == [
        f"{registry}@{digests[arch]}" for arch in ("arm64", "amd64")
    ]
    assert [_overrides(it)["Architecture"] for it in commands] == ["arm64", "x86_64"]
    again = publish(environment, "--region", REGION, "--create-repository", "--arch", "arm64")
    assert again.returncode == 0, again.stderr


def test_the_image_for_video_is_built_where_that_is_asked_for(environment):
    done = publish(environment, "--dry-run", "--region", REGION, "--target", "video")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("--target video") == 2
    assert "-video-arm64" in done.stdout


def _commands(text: str) -> list[str]:
    lines = text.replace("\\\n", " ").splitlines()
    return [line for line in lines if line.startswith("aws ")]


def _overrides(command: Mapping[str, list[str]]) -> dict[str, str]:
    return dict(word.split("=", 1) for word in command["parameter_overrides"])


def test_without_buildx_it_builds_for_its_own_machine_alone(environment, tmp_path):
    _docker(tmp_path, buildx=False)
    refused = publish(environment, "--region", REGION)
    assert refused.returncode == 1
    assert "docker buildx is missing" in refused.stderr
    assert "--arch amd64" in refused.stderr
    name = "plainly-built"
    done = publish(
        environment,
        "--region",
        REGION,
        "--arch",
        "amd64",
        "--create-repository",
        "--repository",
        name,
    )
    assert done.returncode == 0, done.stderr
    assert [told[0] for told in _told(tmp_path)][-2:] == ["build", "push"]
    (command,) = _commands(done.stdout)
    assert f"/{name}@sha256:" in _overrides(parsed(command))["ImageUri"]


def test_where_the_push_fails_nothing_is_announced(environment):
    done = publish(environment, "--region", REGION, "--repository", "not-there")
    assert done.returncode != 0
    assert "cloudformation" not in done.stdout


def test_a_dry_run_runs_nothing_and_prints_what_it_would(environment, tmp_path):
    done = publish(environment, "--dry-run", "--region", REGION, "--create-repository")
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "docker.log").exists()
    commands = _commands(done.stdout)
    for command in commands:
        parsed(command.partition(" | ")[0])
    assert [shlex.split(command)[1:3] for command in commands] == [
        ["sts", "get-caller-identity"],
        ["ecr", "create-repository"],
        ["ecr", "get-login-password"],
        ["ecr", "describe-images"],
        ["cloudformation", "deploy"],
        ["ecr", "describe-images"],
        ["cloudformation", "deploy"],
    ]
    assert done.stdout.count("docker buildx build") == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--arch", "riscv64"), "--arch must be arm64 or amd64, got 'riscv64'"),
        (("--arch",), "--arch must be arm64 or amd64, got ''"),
        (("--target", "gpu"), "--target must be function or video, got 'gpu'"),
        (("--what",), "unknown argument '--what'"),
        (("--dry-run",), "no Region"),
    ],
)
def test_what_is_wrong_is_said(environment, arguments, words):
    done = publish(environment, *arguments)
    assert done.returncode != 0
    assert words in done.stderr
    assert done.stdout == ""


def test_its_parameters_are_the_templates(environment):
    printed = publish(environment, "--dry-run", "--region", REGION).stdout
    (first, _) = (_overrides(parsed(it)) for it in _commands(printed) if "cloudformation" in it)
    parameters = stack.source()["Parameters"]
    needed = {name for name, it in parameters.items() if "Default" not in it}
    assert needed <= first.keys() <= parameters.keys()
    named = re.findall(r"([A-Z]\w+)=", "".join(re.findall(r"^# (?!arm64|x86_64).*", printed, re.M)))
    assert {"SnapStart", "CapacityProvider"} <= set(named) <= parameters.keys()
    assert os.access(PUBLISH, os.X_OK)
