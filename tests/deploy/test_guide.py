"""The commands of the pages on AWS, run by bash, parsed by the AWS CLI, compared with the template."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from jitprep.cli.commands import load_command
from tests.deploy import guide, stack
from tests.deploy.command_line import parsed

# The first page defines what the others use.
NAMES = ("aws.md", "cloudfront.md", "managed-instances.md", "snapstart.md")
BLOCKS = [block for page in NAMES for block in guide.blocks(page)]


@pytest.fixture(scope="module")
def noted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[list[str]]]:
    """The folder in which the pages were followed, and the commands that they ran."""
    folder = tmp_path_factory.mktemp("guide")
    return folder, guide.followed(folder, *NAMES)


def test_the_command_line_takes_every_command(
    noted: tuple[Path, list[list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, commands = noted
    monkeypatch.chdir(folder)  # the folder of the files that they name
    ours = {tuple(words) for words in commands if words[0] == "aws"}
    assert len(ours) > 20
    for words in sorted(ours):
        parsed(shlex.join(words))


def test_jitprep_takes_its_commands(noted: tuple[Path, list[list[str]]]) -> None:
    ours = [words for words in noted[1] if words[0] == "jitprep"]
    assert ours
    for _, name, *arguments in ours:
        load_command(name).make_context(name, arguments)


def test_parameters_are_the_templates(noted: tuple[Path, list[list[str]]]) -> None:
    parameters = stack.source()["Parameters"]
    deployments = [words for words in noted[1] if words[1:3] == ["cloudformation", "deploy"]]
    doors, given_to_all = set(), dict[str, str]()
    for words in deployments:
        given = guide.overrides(words)
        for name, value in given.items():
            guide.require_allowed(parameters[name], value)
        given_to_all |= given
        doors.add(given.get("FrontDoor"))
        assert words[words.index("--template-file") + 1] == "deploy/template.yaml"
        assert {"CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"} <= set(words)
    assert {"FunctionUrl", "ObjectLambda"} <= doors
    assert {"CloudFront", "CapacityProvider", "SnapStart"} <= given_to_all.keys()


def test_outputs_are_the_templates(noted: tuple[Path, list[list[str]]]) -> None:
    words = [word for command in noted[1] for word in command]
    asked = {name for word in words for name in re.findall(r"OutputKey=='(\w+)'", word)}
    known = {
        name
        for door in ("ObjectLambda", "FunctionUrl")
        for name in stack.expanded(
            FrontDoor=door, Models="imagenet-uint8,clip", OutputBucket="out", CloudFront="yes"
        )["Outputs"]
    }
    assert len(asked) > 8
    assert asked <= known


def test_places_are_the_templates(noted: tuple[Path, list[list[str]]]) -> None:
    parameters = stack.source()["Parameters"]
    text = "".join(BLOCKS)
    jobs, copies = parameters["JobsPrefix"]["Default"], parameters["OutputPrefix"]["Default"]
    for place in (f"{jobs}/manifests/first.csv", f'"{jobs}/reports"', f"$OUTPUT/{copies}/"):
        assert place in text


def test_presets_are_the_images() -> None:
    named = re.findall(r'pipeline(?:=|\\": \\"|": ")([a-z0-9-]+)', "\n".join(BLOCKS))
    assert named
    assert set(named) - {"pipeline"} <= stack.PRESETS["presets"].keys()


def test_every_parameter_that_the_pages_name_exists() -> None:
    template = stack.source()
    known = {
        *template["Parameters"],
        *template["Parameters"]["FrontDoor"]["AllowedValues"],
        *(
            name
            for door in ("ObjectLambda", "FunctionUrl")
            for name in stack.expanded(FrontDoor=door, CloudFront="yes", OutputBucket="out")[
                "Outputs"
            ]
        ),
    }
    pages = "".join((guide.PAGES / name).read_text(encoding="utf-8") for name in NAMES)
    prose = re.sub(r"^```\w+\n.*?^```$", "", pages, flags=re.M | re.S)
    named = {word.split("=")[0] for word in re.findall(r"`([A-Z][a-z]+[A-Z]\w+(?:=\w+)?)`", prose)}
    assert len(named) > 8
    others = {"AWSLambdaVPCAccessExecutionRole", "CloudFrontSigner", "ObjectTooLarge", "VpcConfig"}
    assert named - others <= known
