"""deploy/ecs.yaml: lint for each choice, what its parts say of each other, and the stack in moto."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import boto3
import pytest
from cfnlint.api import ManualArgs, lint

from tests.deploy import stack

PATH = stack.ECS
EXAMPLE = PATH.parents[1] / "examples/jitprep.toml"
KEY = f"arn:aws:kms:{stack.REGION}:{stack.ACCOUNT}:key/0a"
CERTIFICATE = f"arn:aws:acm:{stack.REGION}:{stack.ACCOUNT}:certificate/0a"
REQUIRED = {
    "ImageUri": stack.IMAGE,
    "BucketName": "photos",
    "VpcId": "vpc-0123456789abcdef0",
    "SubnetIds": "subnet-0123456789abcdef0,subnet-0123456789abcdef1",
    "ClientCidr": "10.0.0.0/16",
}
CHOICES = [
    {"CapacityProvider": provider, "CertificateArn": certificate, "KmsKeyArns": key}
    for provider, certificate, key in itertools.product(
        ("FARGATE", "FARGATE_SPOT", "ec2-spot"), ("", CERTIFICATE), ("", KEY)
    )
]
# The server's default, in seconds; whatever waits for the server must wait longer.
TIMEOUT = 60


def expanded(**parameters: Any) -> dict[str, Any]:
    return stack.evaluated(PATH, {**REQUIRED, **parameters})


def only(kind: str, **parameters: Any) -> Any:
    """Return the properties of the template's one resource of a type."""
    (properties,) = stack.resources(expanded(**parameters), kind).values()
    return properties


def container(**parameters: Any) -> dict[str, Any]:
    (found,) = only("AWS::ECS::TaskDefinition", **parameters)["ContainerDefinitions"]
    return dict(found)


def statements(role: str, **parameters: Any) -> dict[str, Any]:
    """Return what a role may do: the resources of each action."""
    policies = stack.resources(expanded(**parameters), "AWS::IAM::Policy").values()
    of_role = [it["PolicyDocument"] for it in policies if it["Roles"] == [{"Ref": role}]]
    may: dict[str, Any] = {}
    for statement in (one for it in of_role for one in it["Statement"]):
        actions = statement["Action"]
        for action in [actions] if isinstance(actions, str) else actions:
            assert action not in may
            may[action] = statement["Resource"]
    return may


@pytest.mark.parametrize("choice", CHOICES)
def test_every_choice_is_clean(choice: dict[str, str]) -> None:
    """Conditions are evaluated, so that nothing refers to a missing resource."""
    unused = "W2001"  # parameters that other choices use
    text = json.dumps(expanded(**choice))
    found = lint(text, config=ManualArgs(regions=[stack.REGION], ignore_checks=[unused]))
    assert [str(match) for match in found] == []


def test_the_command_writes_the_configuration_as_it_is(tmp_path: Path) -> None:
    """The shell of the task, with an entry point that prints what it would start."""
    entrypoint = tmp_path / "jitprep-entrypoint"
    entrypoint.write_text('#!/bin/sh\necho "$@" "${CONFIG_TOML-unset}"\n')
    entrypoint.chmod(0o755)
    found, config = container(), EXAMPLE.read_text(encoding="utf-8") + "# '$HOME' \"%s\" \\n\n"
    words = [*found["EntryPoint"], *found["Command"]]
    done = subprocess.run(
        [word.replace("/tmp/", f"{tmp_path}/") for word in words],
        env={"CONFIG_TOML": config, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"serve --config {tmp_path}/jitprep.toml unset\n"
    assert (tmp_path / "jitprep.toml").read_text(encoding="utf-8") == config
    assert tomllib.loads(config)


def test_the_server_can_write_to_its_tmpfs_alone() -> None:
    found = container()
    assert found["ReadonlyRootFilesystem"]
    assert found["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}
    assert [it["ContainerPath"] for it in found["LinuxParameters"]["Tmpfs"]] == ["/tmp"]


def test_each_size_has_a_worker_and_two_gigabytes_per_cpu() -> None:
    template = stack.source(PATH)
    sizes = template["Mappings"]["Sizes"]
    assert list(sizes) == template["Parameters"]["Cpu"]["AllowedValues"]
    for cpu, size in sizes.items():
        cpus = int(cpu) / 1024
        assert (int(size["Workers"]), int(size["Memory"])) == (cpus, cpus * 2048)


@pytest.mark.parametrize("key", ["", KEY])
def test_the_server_may_read_the_bucket_and_nothing_else(key: str) -> None:
    read = "arn:${AWS::Partition}:s3:::${BucketName}"
    keys = {"kms:Decrypt": {"Ref": "KmsKeyArns"}} if key else {}
    assert statements("Role", KmsKeyArns=key) == {
        "s3:GetObject": {"Fn::Sub": f"{read}/*"},
        "s3:ListBucket": {"Fn::Sub": read},
        **keys,
    }


def test_ecs_may_read_the_secrets_of_the_task() -> None:
    config, *keys = (it["ValueFrom"]["Fn::Sub"] for it in container()["Secrets"])
    may = statements("StartRole")
    assert may["ssm:GetParameters"] == {"Fn::Sub": config}
    assert may["secretsmanager:GetSecretValue"] == {"Ref": "TrainerKey"}
    assert may["logs:PutLogEvents"] == {"Fn::GetAtt": ["LogGroup", "Arn"]}
    made = only("AWS::SecretsManager::Secret")["GenerateSecretString"]
    fields = {*json.loads(made["SecretStringTemplate"]), made["GenerateStringKey"]}
    assert keys == [f"${{TrainerKey}}:{field}::" for field in sorted(fields)]


def test_whatever_waits_for_the_server_waits_longer_than_it() -> None:
    balancer = only("AWS::ElasticLoadBalancingV2::LoadBalancer")
    attributes = {it["Key"]: it["Value"] for it in balancer["LoadBalancerAttributes"]}
    assert int(attributes["idle_timeout.timeout_seconds"]) > TIMEOUT
    assert attributes["routing.http.preserve_host_header.enabled"] == "true"
    assert TIMEOUT < container()["StopTimeout"] <= 120


def test_the_port_is_the_servers_everywhere() -> None:
    targets = only("AWS::ElasticLoadBalancingV2::TargetGroup")
    (balanced,) = only("AWS::ECS::Service")["LoadBalancers"]
    groups = stack.resources(expanded(), "AWS::EC2::SecurityGroup")
    (rule,) = groups["TaskGroup"]["SecurityGroupIngress"]
    ports = [it["ContainerPort"] for it in container()["PortMappings"]]
    ports += [targets["Port"], balanced["ContainerPort"], rule["FromPort"], rule["ToPort"]]
    assert set(ports) == {8080}
    assert rule["SourceSecurityGroupId"] == {"Ref": "BalancerGroup"}
    assert targets["HealthCheckPath"] == "/readyz"


@pytest.mark.parametrize(("certificate", "port"), [("", 80), (CERTIFICATE, 443)])
def test_https_where_a_certificate_is_given(certificate: str, port: int) -> None:
    listener = only("AWS::ElasticLoadBalancingV2::Listener", CertificateArn=certificate)
    assert listener["Port"] == port
    assert listener["Protocol"] == ("HTTPS" if certificate else "HTTP")
    assert ("Certificates" in listener) == ("SslPolicy" in listener) == bool(certificate)
    groups = stack.resources(expanded(CertificateArn=certificate), "AWS::EC2::SecurityGroup")
    (rule,) = groups["BalancerGroup"]["SecurityGroupIngress"]
    assert rule["FromPort"] == rule["ToPort"] == port
    assert only("AWS::ElasticLoadBalancingV2::LoadBalancer")["Scheme"] == "internal"


@pytest.mark.parametrize("provider", ["FARGATE", "FARGATE_SPOT", "ec2-spot"])
def test_the_tasks_run_on_what_was_asked_for(provider: str) -> None:
    fargate = provider.startswith("FARGATE")
    task = only("AWS::ECS::TaskDefinition", CapacityProvider=provider)
    assert task["RequiresCompatibilities"] == ["FARGATE" if fargate else "EC2"]
    service = only("AWS::ECS::Service", CapacityProvider=provider)
    asked = {"CapacityProvider": {"Ref": "CapacityProvider"}, "Weight": 1}
    assert service["CapacityProviderStrategy"] == [asked]
    assert ("AssignPublicIp" in service["NetworkConfiguration"]["AwsvpcConfiguration"]) == fargate


@pytest.mark.usefixtures("aws")
def test_it_deploys_into_moto() -> None:
    ec2 = boto3.client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    subnets = [it["SubnetId"] for it in ec2.describe_subnets()["Subnets"][:2]]
    whole = json.dumps(expanded(VpcId=vpc, Cpu="4096"))
    whole = whole.replace('{"Ref": "SubnetIds"}', json.dumps(subnets))  # moto splits no default
    outputs = stack.deploy(json.loads(whole))
    assert outputs["Url"].startswith("http://")
    ecs = boto3.client("ecs")
    (service,) = ecs.describe_services(
        cluster=outputs["ClusterName"], services=[outputs["ServiceName"]]
    )["services"]
    made = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    (found,) = made["containerDefinitions"]
    assert found["environment"] == [{"name": "JITPREP_WORKERS", "value": "4"}]
    assert found["secrets"][1]["valueFrom"] == f"{stack.TRAINER_KEY}:access_key_id::"
