"""Workflows, hooks and CI run the make targets of a contributor, and all configuration parses."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from .paths import ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
CONFIGURATION = [
    *WORKFLOWS,
    ROOT / ".github/dependabot.yml",
    ROOT / ".pre-commit-config.yaml",
    ROOT / "CITATION.cff",
    ROOT / "docker-compose.yml",
]


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def recipe(target: str) -> str:
    found = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert found, target
    return found[1]


@pytest.mark.parametrize("path", CONFIGURATION, ids=lambda path: path.name)
def test_configuration_is_a_mapping(path: Path) -> None:
    assert isinstance(load(path), dict)


def test_the_workflows_are_those_of_the_house() -> None:
    assert {path.stem for path in WORKFLOWS} == {"check", "test", "image", "docs", "release"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_calls_make_targets(path: Path) -> None:
    """Besides them, a workflow may only install system packages."""
    commands = []
    for job in load(path)["jobs"].values():
        matrix = job.get("strategy", {}).get("matrix", {}).get("target", [])
        for step in job["steps"]:
            command = step.get("run", "")
            each = matrix if "matrix.target" in command else [""]
            commands += [re.sub(r"\$\{\{.*?\}\}", target, command) for target in each]
    targets = [command.removeprefix("make ") for command in commands if command.startswith("make ")]
    assert targets
    assert set(targets) <= TARGETS
    others = [command for command in commands if command and not command.startswith("make ")]
    assert all(command.startswith("sudo apt-get ") for command in others)


def test_ci_calls_make_targets() -> None:
    targets = re.findall(r'^ *step "make ([a-z-]+)"', (ROOT / ".ci/run").read_text(), re.MULTILINE)
    assert {"check", "test", "docs", "image", "test-container", "test-packaging"} <= set(targets)
    assert set(targets) <= TARGETS


def test_every_documented_target_is_phony() -> None:
    phony = set(re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)[0].split())
    assert set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE)) == phony


def test_the_hooks_run_the_commands_of_make_check() -> None:
    (repository,) = load(ROOT / ".pre-commit-config.yaml")["repos"]
    hooks = [hook["entry"].replace(" --force-exclude", "") for hook in repository["hooks"]]
    checks = recipe("check").replace("$(BIN)", ".venv/bin").replace("$(CHECKOV)", ".venv-checkov")
    lines = [line.strip() for line in checks.splitlines()]
    assert len(hooks) == len(lines)
    for hook, line in zip(hooks, lines, strict=True):
        assert line.startswith(hook), (hook, line)


def test_the_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert load(ROOT / "CITATION.cff")["version"] == project["version"]


def test_make_lists_its_targets() -> None:
    # `make test` runs this test, and a make below another would name the folders that it enters.
    outside = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(
        ["make", "help"], cwd=ROOT, env=outside, capture_output=True, text=True, check=True
    )
    assert {line.split()[0] for line in done.stdout.splitlines()} <= TARGETS
    assert "test-packaging" in done.stdout
