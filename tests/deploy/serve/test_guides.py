"""The commands of docs/deploy/ecs.md and docs/deploy/kubernetes.md, compared with what they deploy."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy import guide, stack
from tests.deploy.command_line import parsed

Run = tuple[Path, list[list[str]]]
KUBERNETES = stack.PATH.with_name("kubernetes")


@pytest.fixture(scope="module")
def on_ecs(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The folder in which the page was followed, and the commands that were noted."""
    folder = tmp_path_factory.mktemp("ecs")
    return folder, guide.followed(folder, "ecs.md")


@pytest.fixture(scope="module")
def on_kubernetes(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The folder in which the page was followed, and the commands that were noted."""
    folder = tmp_path_factory.mktemp("kubernetes")
    return folder, guide.followed(folder, "kubernetes.md")


def options(words: list[str], name: str) -> list[str]:
    """Return the values of an option that may be given more than once."""
    return [
        word.removeprefix(f"{name}=") if "=" in word else words[at + 1]
        for at, word in enumerate(words)
        if word.split("=")[0] == name
    ]


def keys_of(config: dict[str, Any]) -> set[str]:
    """Return what the keys of a configuration refer to."""
    return {key[it] for key in config["keys"].values() for it in key if it != "mounts"}


def test_the_command_line_takes_every_command(on_ecs: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, commands = on_ecs
    monkeypatch.chdir(folder)  # the folder of the files that they name
    ours = {tuple(words) for words in commands if words[0] == "aws"}
    assert len(ours) > 10
    for words in sorted(ours):
        parsed(shlex.join(words))


def test_parameters_are_the_templates(on_ecs: Run) -> None:
    parameters = stack.source(stack.ECS)["Parameters"]
    deployments = [words for words in on_ecs[1] if words[1:3] == ["cloudformation", "deploy"]]
    for words in deployments:
        assert options(words, "--template-file") == ["deploy/ecs.yaml"]
        for name, value in guide.overrides(words).items():
            guide.require_allowed(parameters[name], value)
    required = {name for name, it in parameters.items() if "Default" not in it}
    assert required <= guide.overrides(deployments[0]).keys()


def test_outputs_are_the_templates(on_ecs: Run) -> None:
    words = [word for command in on_ecs[1] for word in command]
    asked = {name for word in words for name in re.findall(r"OutputKey=='(\w+)'", word)}
    assert len(asked) > 3
    assert asked <= stack.source(stack.ECS)["Outputs"].keys()


def test_what_the_page_of_ecs_names_is_in_the_template() -> None:
    template = stack.source(stack.ECS)
    prose = re.sub(r"^```.*?^```$", "", (guide.PAGES / "ecs.md").read_text(), flags=re.M | re.S)
    named = set(re.findall(r"`([A-Z][a-z]+[A-Z]\w+)`", prose))
    known = {*template["Parameters"], *template["Outputs"], *template["Resources"], "StopTimeout"}
    assert len(named) > 5
    assert named <= known


def test_the_configuration_refers_to_what_the_task_has(on_ecs: Run) -> None:
    folder, commands = on_ecs
    config = tomllib.loads((folder / "jitprep.toml").read_text(encoding="utf-8"))
    task = stack.source(stack.ECS)["Resources"]["Task"]["Properties"]
    (container,) = task["ContainerDefinitions"]
    secrets = [it["Name"] for it in container["Secrets"]]
    assert keys_of(config) == {f"env:{name}" for name in secrets[1:]}
    (name,) = {one for it in commands for one in options(it, "--name")}
    assert name == stack.source(stack.ECS)["Parameters"]["ConfigParameter"]["Default"]


def test_the_kustomization_changes_what_the_base_has(on_kubernetes: Run) -> None:
    mine = on_kubernetes[0] / "my-jitprep"
    over = yaml.safe_load((mine / "kustomization.yaml").read_text(encoding="utf-8"))
    base = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text(encoding="utf-8"))
    deployment = yaml.safe_load((KUBERNETES / "deployment.yaml").read_text(encoding="utf-8"))
    (server,) = deployment["spec"]["template"]["spec"]["containers"]
    assert over["resources"] == ["../deploy/kubernetes"]
    assert over["namespace"] == base["namespace"]
    (image,), (config,) = over["images"], over["configMapGenerator"]
    assert image["name"] == server["image"]
    assert config.pop("behavior") == "replace"
    assert [config] == base["configMapGenerator"]
    assert {it.name for it in mine.iterdir()} == {"kustomization.yaml", *config["files"]}


def test_the_secret_has_what_the_configurations_refer_to(on_kubernetes: Run) -> None:
    folder, commands = on_kubernetes
    (create,) = [it for it in commands if it[1:4] == ["create", "secret", "generic"]]
    made = {
        f"file:/run/secrets/jitprep/{it.split('=')[0]}" for it in options(create, "--from-literal")
    }
    for place in (KUBERNETES, folder / "my-jitprep"):
        config = tomllib.loads((place / "jitprep.toml").read_text(encoding="utf-8"))
        assert keys_of(config) == made
    assert create[4] == "jitprep"


def test_the_server_takes_the_configurations(
    on_ecs: Run, on_kubernetes: Run, tmp_path: Path
) -> None:
    for name, value in (("trainer-id", "trainer"), ("trainer-secret", "0123456789abcdef")):
        (tmp_path / name).write_text(value)
    for folder in (on_ecs[0], on_kubernetes[0] / "my-jitprep", KUBERNETES):
        text = (folder / "jitprep.toml").read_text(encoding="utf-8")
        config = tmp_path / "jitprep.toml"
        config.write_text(text.replace("/run/secrets/jitprep/", f"{tmp_path}/"))
        checked = subprocess.run(
            [sys.executable, "-m", "jitprep.server", "--check", "--config", config],
            env={
                "PYTHONPATH": str(stack.PATH.parents[1]),
                "TRAINER_ID": "a",
                "TRAINER_SECRET": "b" * 40,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert (checked.returncode, checked.stderr) == (0, "")
        assert re.fullmatch(r"photos: s3://[a-z-]+/, with a key\n", checked.stdout)


def test_every_command_is_of_the_namespace(on_kubernetes: Run) -> None:
    base = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text(encoding="utf-8"))
    commands = [it for it in on_kubernetes[1] if it[0] == "kubectl"]
    assert len(commands) > 8
    for words in commands:
        assert (
            "-k" in words
            or "namespace" in words
            or options(words, "--namespace") == [base["namespace"]]
        )


def test_the_image_is_pushed_by_the_name_that_is_pulled(on_kubernetes: Run) -> None:
    folder, commands = on_kubernetes
    (push,) = [it for it in commands if it[:2] == ["docker", "push"]]
    over = yaml.safe_load((folder / "my-jitprep/kustomization.yaml").read_text(encoding="utf-8"))
    (image,) = over["images"]
    assert push[2] == f"{image['newName']}:{image['newTag']}"
