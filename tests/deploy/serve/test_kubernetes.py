"""deploy/kubernetes: the resources of the kustomization, and how they fit each other and the server.

deploy/check compares each with the schemas of the Kubernetes API. Here are laws that no schema knows.
"""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
import yaml

from tests.deploy import stack

FOLDER = stack.PATH.with_name("kubernetes")
LABELS = {"app.kubernetes.io/name": "jitprep", "app.kubernetes.io/component": "server"}


def documents() -> dict[str, dict[str, Any]]:
    """Return what the kustomization names, by kind, with the ConfigMap that it generates."""
    top = yaml.safe_load((FOLDER / "kustomization.yaml").read_text(encoding="utf-8"))
    (config,) = top["configMapGenerator"]
    found = [
        yaml.safe_load((FOLDER / name).read_text(encoding="utf-8")) for name in top["resources"]
    ]
    found.append(
        {
            "kind": "ConfigMap",
            "metadata": {"name": config["name"]},
            "data": {name: (FOLDER / name).read_text(encoding="utf-8") for name in config["files"]},
        }
    )
    by_kind = {it["kind"]: it for it in found}
    assert len(by_kind) == len(found), "one of each kind"
    return by_kind


ALL = documents()
POD = ALL["Deployment"]["spec"]["template"]
(SERVER,) = POD["spec"]["containers"]
CONFIG = tomllib.loads(ALL["ConfigMap"]["data"]["jitprep.toml"])


def test_every_file_is_named_by_the_kustomization() -> None:
    top = yaml.safe_load((FOLDER / "kustomization.yaml").read_text(encoding="utf-8"))
    named = {*top["resources"], *top["configMapGenerator"][0]["files"], "kustomization.yaml"}
    assert named == {path.name for path in FOLDER.iterdir()}


@pytest.mark.parametrize("kind", ALL)
def test_everything_has_one_name(kind: str) -> None:
    assert ALL[kind]["metadata"]["name"] == "jitprep"


def test_every_selector_is_of_the_pods() -> None:
    selectors = [
        ALL["Deployment"]["spec"]["selector"]["matchLabels"],
        ALL["Service"]["spec"]["selector"],
        ALL["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        ALL["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
        *(it["labelSelector"]["matchLabels"] for it in POD["spec"]["topologySpreadConstraints"]),
        POD["metadata"]["labels"],
    ]
    assert all(selector == LABELS for selector in selectors)
    target = ALL["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]
    assert target == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "jitprep"}
    assert "replicas" not in ALL["Deployment"]["spec"]  # else each apply would undo the autoscaler


def test_the_port_is_the_servers_everywhere() -> None:
    (port,) = SERVER["ports"]
    assert port["containerPort"] == 8080
    (exposed,) = ALL["Service"]["spec"]["ports"]
    probes = [SERVER[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")]
    assert {exposed["targetPort"], *(it["port"] for it in probes)} == {port["name"]}
    assert [it["path"] for it in probes] == ["/healthz", "/healthz", "/readyz"]
    (allowed,) = ALL["NetworkPolicy"]["spec"]["ingress"]
    assert [it["port"] for it in allowed["ports"]] == [8080]
    assert POD["metadata"]["annotations"]["prometheus.io/port"] == "8080"


def test_the_pod_has_no_rights() -> None:
    of_pod, of_container = POD["spec"]["securityContext"], SERVER["securityContext"]
    assert of_pod["runAsNonRoot"]
    assert of_pod["runAsUser"] == of_pod["runAsGroup"] == of_pod["fsGroup"] == 65534
    assert of_pod["seccompProfile"] == {"type": "RuntimeDefault"}
    assert of_container["readOnlyRootFilesystem"]
    assert not of_container["allowPrivilegeEscalation"]
    assert of_container["capabilities"] == {"drop": ["ALL"]}
    assert POD["spec"]["serviceAccountName"] == ALL["ServiceAccount"]["metadata"]["name"]
    for it in (POD["spec"], ALL["ServiceAccount"]):
        assert it["automountServiceAccountToken"] is False


def test_reads_under_way_end_before_the_pod_does() -> None:
    waited = SERVER["lifecycle"]["preStop"]["sleep"]["seconds"] + CONFIG["timeout"]
    assert POD["spec"]["terminationGracePeriodSeconds"] > waited


def test_a_pod_has_as_many_workers_as_cpus_and_no_limit_of_cpu() -> None:
    (workers,) = SERVER["env"]
    assert workers["name"] == "JITPREP_WORKERS"
    assert workers["valueFrom"] == {"resourceFieldRef": {"resource": "requests.cpu"}}
    requests, limits = SERVER["resources"]["requests"], SERVER["resources"]["limits"]
    assert limits == {"memory": requests["memory"]}
    (metric,) = ALL["HorizontalPodAutoscaler"]["spec"]["metrics"]
    assert metric["resource"]["name"] == "cpu"
    assert metric["resource"]["target"]["averageUtilization"] < 100  # what the workers can use


def test_the_configuration_names_files_that_are_mounted() -> None:
    volumes = {it["name"]: it for it in POD["spec"]["volumes"]}
    mounted = {it["mountPath"]: (it, volumes[it["name"]]) for it in SERVER["volumeMounts"]}
    assert mounted.keys() == {"/etc/jitprep.toml", "/run/secrets/jitprep", "/tmp"}
    mount, volume = mounted["/etc/jitprep.toml"]
    assert volume["configMap"]["name"] == ALL["ConfigMap"]["metadata"]["name"]
    assert mount["subPath"] in ALL["ConfigMap"]["data"]
    mount, volume = mounted["/run/secrets/jitprep"]
    assert "subPath" not in mount  # such a file would stay as it was when the Secret changes
    assert volume["secret"]["secretName"] == "jitprep"
    references = [key[it] for key in CONFIG["keys"].values() for it in key if it != "mounts"]
    assert references
    assert all(it.startswith("file:/run/secrets/jitprep/") for it in references)
    _, volume = mounted["/tmp"]
    assert "sizeLimit" in volume["emptyDir"]


def test_its_pipelines_are_the_images() -> None:
    assert {it["pipeline"] for it in CONFIG["mounts"].values()} <= stack.PRESETS["presets"].keys()


def test_it_may_call_dns_and_stores() -> None:
    policy = ALL["NetworkPolicy"]["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    ports = {(it["port"], it["protocol"]) for rule in policy["egress"] for it in rule["ports"]}
    assert ports == {(53, "UDP"), (53, "TCP"), (443, "TCP"), (9000, "TCP")}
