"""The server in docker-compose.yml, its example of a configuration, and the image's entry point."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from preprocessing import Pipeline
from tests.deploy import stack

ROOT = stack.PATH.parents[1]
SERVE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"][
    "serve"
]
EXAMPLE = ROOT / "examples/jitprep.toml"
CONFIG = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))


def references(value: Any) -> set[str]:
    """Return the variables and files that a configuration refers to."""
    if isinstance(value, dict):
        return set().union(*map(references, value.values()))
    return {value} if isinstance(value, str) and re.match(r"(env|file):(?!//)", value) else set()


def test_the_example_is_mounted_where_the_server_looks() -> None:
    assert SERVE["volumes"] == [f"./{EXAMPLE.relative_to(ROOT)}:/etc/jitprep.toml:ro"]
    assert SERVE["command"] == ["serve"]


def test_every_reference_of_the_example_is_set() -> None:
    assert references(CONFIG) == {f"env:{name}" for name in SERVE["environment"]}


@pytest.mark.parametrize("mount", CONFIG["mounts"].values(), ids=CONFIG["mounts"])
def test_every_pipeline_of_the_example_parses(mount: dict[str, Any]) -> None:
    presets = {**stack.PRESETS["presets"], **CONFIG["presets"]}
    assert Pipeline.parse(presets.get(mount["pipeline"], mount["pipeline"]))
    assert set(mount.get("overrides", [])) <= {"seed", "pipeline"}


def test_every_key_of_the_example_reads_mounts_that_there_are() -> None:
    for key in CONFIG["keys"].values():
        assert set(key["mounts"]) <= CONFIG["mounts"].keys()
    without = {name for name, it in CONFIG["mounts"].items() if it.get("anonymous")}
    with_a_key = {name for key in CONFIG["keys"].values() for name in key["mounts"]}
    assert without | with_a_key == CONFIG["mounts"].keys()


def test_reads_under_way_end_before_the_container_does() -> None:
    assert int(SERVE["stop_grace_period"].removesuffix("s")) > CONFIG["timeout"]
    assert SERVE["read_only"]
    assert SERVE["tmpfs"] == ["/tmp"]
    (port,) = SERVE["ports"]
    assert port == "127.0.0.1:${JITPREP_SERVE_PORT:-8080}:8080"


def started(folder: Path, *arguments: str, **environment: str) -> str:
    """Return what the entry point runs, and with which configuration."""
    for name in ("python", "aws-lambda-rie"):
        fake = folder / name
        fake.write_text('#!/bin/sh\necho "${0##*/}" "$@" "${JITPREP_CONFIG-}"\n')
        fake.chmod(0o755)
    path = f"{folder}:{os.environ['PATH']}"
    return subprocess.run(
        ["sh", ROOT / "docker/entrypoint.sh", *arguments],
        env={"PATH": path, "AWS_ENDPOINT_URL": "http://endpoint:9000", **environment},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        (["serve"], {}, "/etc/jitprep.toml"),
        (["serve", "--port", "80"], {}, "--port 80 /etc/jitprep.toml"),
        (["serve"], {"JITPREP_CONFIG": "/tmp/a.toml"}, "/tmp/a.toml"),
    ],
    ids=["defaults", "options", "variable"],
)
def test_serve_starts_the_server(
    tmp_path: Path, arguments: list[str], environment: dict[str, str], expected: str
) -> None:
    ran = started(tmp_path, *arguments, **environment)
    assert ran == f"python -m jitprep.server --host 0.0.0.0 --port 8080 {expected}\n"


def test_without_serve_it_starts_the_function(tmp_path: Path) -> None:
    name = "handler.app.lambda_handler"
    assert started(tmp_path, name) == f"aws-lambda-rie python -m awslambdaric {name} \n"
    on_aws = started(tmp_path, name, AWS_LAMBDA_RUNTIME_API="127.0.0.1:9001")
    assert on_aws == f"python -m awslambdaric {name} \n"


def test_a_variable_chooses_the_runtime_client(tmp_path: Path) -> None:
    name = "handler.app.lambda_handler"
    for chosen, module in (("awslambdaric", "awslambdaric"), ("jitprep", "handler.runtime_client")):
        ran = started(tmp_path, name, JITPREP_RUNTIME_CLIENT=chosen)
        assert ran == f"aws-lambda-rie python -m {module} {name} \n"
    with pytest.raises(subprocess.CalledProcessError) as failure:
        started(tmp_path, name, JITPREP_RUNTIME_CLIENT="Jitprep")
    assert failure.value.returncode == 64
    assert "awslambdaric or jitprep, got 'Jitprep'" in failure.value.stderr


def test_the_image_has_what_the_server_imports() -> None:
    copied = re.findall(r"^COPY (\S+) /var/task/", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert {"preprocessing", "jitprep/service", "jitprep/server", "jitprep/sigv4"} <= set(copied)
