"""The server in the image that Lambda runs: read-only, without root, from one digest."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from preprocessing import Pipeline, ShardPipeline
from tests.preprocessing.shards.archives import shard

from ..harness import Container, answers, container, docker, wait_until

SPEC = "resize:64/center_crop:48/npy"
HARDENED = (
    *("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL"),
    *("--security-opt", "no-new-privileges", "--publish", "127.0.0.1::8080"),
)
CONFIG = f"""
workers = 2
[mounts.photos]
source = "/data"
pipeline = "{SPEC}"
anonymous = true
[mounts.shards]
source = "/data"
pipeline = "tar/{SPEC}"
anonymous = true
"""


@pytest.fixture(scope="module")
def served(
    function_image: str, photos: Mapping[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Container]:
    folder = tmp_path_factory.mktemp("served")
    data, config = folder / "data", folder / "jitprep.toml"
    data.mkdir()
    for name, body in photos.items():
        (data / name).write_bytes(body)
    (data / "train.tar").write_bytes(shard(photos))
    config.write_text(CONFIG)
    for path in (folder, data, config, *data.iterdir(), *_parents(folder)):
        path.chmod(path.stat().st_mode | 0o055 if path.is_dir() else 0o444)
    mounts = ("--volume", f"{config}:/etc/jitprep.toml:ro", "--volume", f"{data}:/data:ro")
    with container(function_image, *HARDENED, *mounts, arguments=["serve"]) as running:
        wait_until(lambda: answers(f"{running.url}/readyz"), running.logs)
        yield running


def _parents(folder: Path) -> list[Path]:
    """Return the folders of pytest's own above, which only their owner may enter."""
    return [path for path in folder.parents if path.name.startswith("pytest-")]


def read(running: Container, path: str) -> bytes:
    with urllib.request.urlopen(f"{running.url}{path}", timeout=60) as response:
        return bytes(response.read())


def test_reads_are_the_librarys_bytes(served: Container, photos: Mapping[str, bytes]) -> None:
    for name, body in photos.items():
        assert read(served, f"/photos/{name}") == Pipeline.parse(SPEC).encode(body).body


def test_shards_are_streamed(served: Container, photos: Mapping[str, bytes]) -> None:
    made = b"".join(ShardPipeline.parse(f"tar/{SPEC}").encode(shard(photos)))
    assert read(served, "/shards/train.tar") == made


def test_it_runs_without_root_in_two_workers(served: Container) -> None:
    users = docker("top", served.id, "-o", "user,pid,args").splitlines()[1:]
    assert users
    assert not [line for line in users if line.startswith("root")]
    assert sum("spawn_main" in line for line in users) == 2


def test_its_log_is_json_and_its_metrics_are_there(served: Container) -> None:
    read(served, "/photos/rocket.jpg")
    lines = [json.loads(line) for line in served.logs().splitlines() if line.startswith("{")]
    assert {"time", "traceId", "mount", "key", "ms"} <= lines[-1].keys()
    assert b'jitprep_requests_total{door="object"' in read(served, "/metrics")


def test_it_is_the_image_that_answers_lambda(served: Container, function_image: str) -> None:
    digest = docker("image", "inspect", "--format", "{{.Id}}", function_image)
    assert docker("inspect", "--format", "{{.Image}}", served.id) == digest
    with container(
        function_image, *HARDENED, "--env", "AWS_ENDPOINT_URL=http://127.0.0.1:9"
    ) as runs:
        assert docker("inspect", "--format", "{{.Image}}", runs.id) == digest
        runs.wait_until_it_listens()
        answer = json.loads(runs.invoke(json.dumps({"bucket": "photos", "key": "a.jpg"}).encode()))
        assert answer["errorCode"] == "BucketNotAllowed"  # the handler answers


def test_sigterm_ends_it_in_order(served: Container) -> None:
    assert read(served, "/healthz") == b"ok\n"
    docker("stop", "--time", "30", served.id)
    assert served.state("ExitCode") == "0"


def test_a_wrong_configuration_is_one_line(function_image: str) -> None:
    with container(function_image, *HARDENED, arguments=["serve"]) as running:
        wait_until(lambda: running.state("Running") == "false", running.logs)
        assert running.state("ExitCode") == "2"
        assert running.logs().startswith("error: /etc/jitprep.toml cannot be read")
        assert running.logs().count("\n") == 1
