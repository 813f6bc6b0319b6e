"""The CloudFormation templates with given parameters, as CloudFormation and as moto read them.

cfn-lint expands the loops. Conditions are evaluated here, and the resources and list items that they
exclude are removed, because moto would keep empty items in lists.
"""

from __future__ import annotations

import copy
import functools
import json
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
from cfnlint.decode import decode
from cfnlint.template import Template

PATH = Path(__file__).parents[2] / "deploy/template.yaml"
ECS = PATH.with_name("ecs.yaml")
PRESETS = tomllib.loads(
    (PATH.parents[1] / "jitprep/service/presets.toml").read_text(encoding="utf-8")
)
REGION, ACCOUNT, NAME = "us-east-1", "123456789012", "jitprep"
DIGEST = "sha256:" + "ab" * 32
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/jitprep@{DIGEST}"
REQUIRED = {"ImageUri": IMAGE, "BucketName": "photos"}
NOTHING = {"Ref": "AWS::NoValue"}

# Resources that moto's CloudFormation does not create; a test fails when it does.
BEYOND_MOTO = frozenset(
    {
        "AWS::ApplicationAutoScaling::ScalableTarget",
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        "AWS::CloudFront::CachePolicy",
        "AWS::CloudFront::Distribution",
        "AWS::CloudFront::OriginAccessControl",
        "AWS::CloudWatch::Alarm",
        "AWS::ECS::ClusterCapacityProviderAssociations",
        "AWS::Lambda::Alias",
        "AWS::Lambda::CapacityProvider",
        "AWS::Lambda::Url",
        "AWS::S3::AccessPoint",
        "AWS::S3::BucketPolicy",
        "AWS::S3ObjectLambda::AccessPoint",
        "AWS::SecretsManager::Secret",
    }
)
# The documented ARNs and IDs of the resources that moto does not create.
ORIGINALS = f"arn:aws:s3:{REGION}:{ACCOUNT}:accesspoint/{NAME}-originals"
CAPACITY = f"arn:aws:lambda:{REGION}:{ACCOUNT}:capacity-provider:{NAME}"
DISTRIBUTION = "E2EXAMPLE"
TRAINER_KEY = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:trainer"
_BY_ARN = {"Originals": ORIGINALS, "ManagedCapacity": CAPACITY}
_BY_REF = {
    "Distribution": DISTRIBUTION,
    "LiveAlias": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{NAME}:live",
    "TrainerKey": TRAINER_KEY,
}


def source(path: Path = PATH) -> dict[str, Any]:
    """Return a template unchanged."""
    template, problems = decode(str(path))
    assert problems == []
    return template


def expanded(**parameters: Any) -> dict[str, Any]:
    """Return deploy/template.yaml for these parameters, with loops expanded and conditions evaluated."""
    return evaluated(PATH, {**REQUIRED, **parameters})


def evaluated(path: Path, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return a template for these parameters, with loops expanded and conditions evaluated."""
    template = source(path)
    _give(template, parameters)  # where cfn-lint looks for them
    whole = Template(str(path), template, [REGION])
    assert whole.transform() == []
    return _without_conditions(json.loads(json.dumps(whole.template)))


def of_parameters(resources: Collection[str], **parameters: Any) -> dict[str, Any]:
    """Return some resources of deploy/template.yaml that are in no loop, conditions evaluated: fast."""
    template = json.loads(_text())
    _give(template, {**REQUIRED, **parameters})
    template["Resources"] = {name: template["Resources"][name] for name in resources}
    return _without_conditions({**template, "Outputs": {}})


def _give(template: dict[str, Any], parameters: Mapping[str, Any]) -> None:
    for name, value in parameters.items():
        template["Parameters"][name]["Default"] = value


def _without_conditions(plain: dict[str, Any]) -> dict[str, Any]:
    decided = _decide(plain.pop("Conditions"), _values(plain))
    for section in ("Resources", "Outputs"):
        plain[section] = {
            name: _chosen({k: v for k, v in it.items() if k != "Condition"}, decided)
            for name, it in plain[section].items()
            if decided.get(it.get("Condition"), True)
        }
    return plain


@functools.cache
def _text() -> str:
    return json.dumps(source())


def refusals(**parameters: Any) -> list[str]:
    """Return what the rules of deploy/template.yaml say against these parameters."""
    template = json.loads(_text())
    values = {**_values(template), **REQUIRED, **parameters}
    asserted = [
        (rule.get("RuleCondition", {"Fn::Not": [False]}), it["Assert"], it["AssertDescription"])
        for rule in template["Rules"].values()
        for it in rule["Assertions"]
    ]
    return [
        description
        for condition, claim, description in asserted
        if evaluate(condition, values) and not evaluate(claim, values)
    ]


def resources(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """Return the properties of each resource of a type, by its logical ID."""
    return {
        name: it["Properties"] for name, it in template["Resources"].items() if it["Type"] == kind
    }


def deploy(template: dict[str, Any], name: str = NAME) -> dict[str, Any]:
    """Create or update the stack in moto without the unsupported resources; return its outputs."""
    cloudformation = boto3.client("cloudformation", REGION)
    there = {it["StackName"] for it in cloudformation.list_stacks()["StackSummaries"]}
    call = cloudformation.update_stack if name in there else cloudformation.create_stack
    call(
        StackName=name,
        TemplateBody=json.dumps(_for_moto(template)),
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    return {it["OutputKey"]: it["OutputValue"] for it in stack["Outputs"]}


def _for_moto(template: dict[str, Any]) -> dict[str, Any]:
    template = copy.deepcopy(template)
    beyond = {n for n, it in template["Resources"].items() if it["Type"] in BEYOND_MOTO}
    template.pop("Transform", None)
    template.pop("Rules", None)
    for name in beyond:
        del template["Resources"][name]
    text = json.dumps(template)
    for name, arn in _BY_ARN.items():
        text = text.replace(f'{{"Fn::GetAtt": ["{name}", "Arn"]}}', json.dumps(arn))
        text = text.replace(f"${{{name}.Arn}}", arn)
    for name, reference in _BY_REF.items():
        text = text.replace(f'{{"Ref": "{name}"}}', json.dumps(reference))
        text = text.replace(f"${{{name}}}", reference)
    template = json.loads(text)
    for resource in template["Resources"].values():
        resource["DependsOn"] = [it for it in resource.get("DependsOn", []) if it not in beyond]
    template["Outputs"] = {
        name: it for name, it in template["Outputs"].items() if not beyond & set(_names(it))
    }
    return template


def _names(value: Any) -> Iterator[str]:
    """Return the logical IDs and parameters that a value refers to."""
    if isinstance(value, list):
        for one in value:
            yield from _names(one)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key == "Ref":
                yield inner
            elif key == "Fn::GetAtt":
                yield inner[0]
            elif key == "Fn::Sub":
                yield from (it.split(".")[0] for it in re.findall(r"\$\{([^}]+)\}", str(inner)))
            else:
                yield from _names(inner)


def _chosen(value: Any, decided: dict[str, bool]) -> Any:
    """Evaluate each Fn::If, and remove AWS::NoValue."""
    if isinstance(value, dict):
        if value.keys() == {"Fn::If"}:
            condition, yes, no = value["Fn::If"]
            return _chosen(yes if decided[condition] else no, decided)
        chosen = {key: _chosen(inner, decided) for key, inner in value.items()}
        return {key: inner for key, inner in chosen.items() if inner != NOTHING}
    if isinstance(value, list):
        return [one for one in (_chosen(it, decided) for it in value) if one != NOTHING]
    return value


def _values(template: dict[str, Any]) -> dict[str, Any]:
    """Return the default of each parameter that has one."""
    parameters = template["Parameters"].items()
    return {name: it["Default"] for name, it in parameters if "Default" in it}


def _decide(conditions: dict[str, Any], values: Mapping[str, Any]) -> dict[str, bool]:
    return {name: evaluate(it, values, conditions) for name, it in conditions.items()}


def evaluate(
    it: Any, values: Mapping[str, Any], conditions: Mapping[str, Any] | None = None
) -> Any:
    """Return the value of a condition or of a rule's assertion."""

    def of(it: Any) -> Any:
        return evaluate(it, values, conditions)

    if not isinstance(it, dict):
        return it
    ((function, given),) = it.items()
    match function:
        case "Ref":
            return values[given]
        case "Condition":
            return of((conditions or {})[given])
        case "Fn::Equals":
            first, second = map(of, given)
            return str(first) == str(second)
        case "Fn::Not":
            return not of(given[0])
        case "Fn::And":
            return all(map(of, given))
        case "Fn::Or":
            return any(map(of, given))
        case "Fn::Contains":
            return str(of(given[1])) in given[0]
        case "Fn::Join":  # of a list of text, which is one text with commas in it here
            return of(given[1]).replace(",", given[0])
    raise AssertionError(function)
