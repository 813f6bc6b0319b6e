"""The entry point's server with examples/jitprep.toml, read as docs/deploy/containers.md reads it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from preprocessing import Pipeline
from tests.deploy import guide, stack

from .test_containers import CONFIG, EXAMPLE, ROOT, SERVE
from .test_grafana import METRICS


@pytest.fixture(scope="module")
def server(local: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server's URL. Its store is the endpoint of the tests, and its bucket theirs."""
    folder = tmp_path_factory.mktemp("serve")
    text = EXAMPLE.read_text(encoding="utf-8").replace("http://endpoint:9000", local.url)
    config = folder / "jitprep.toml"
    config.write_text(text.replace("s3://media", "s3://photos"), encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            ["sh", ROOT / "docker/entrypoint.sh", "serve", "--port", str(port)],
            env={
                **SERVE["environment"],
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                "PYTHONPATH": str(ROOT),
                "JITPREP_CONFIG": str(config),
                "JITPREP_WORKERS": "1",
            },
            cwd=folder,
            stderr=log,
        )
        try:
            while not _healthy(url):
                assert process.poll() is None, (folder / "log").read_text()
                time.sleep(0.1)
            yield url
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0


def _healthy(url: str) -> bool:
    """Run the health check of docker-compose.yml."""
    _, python, *arguments = SERVE["healthcheck"]["test"]
    assert python == "python"
    code = [it.replace("http://127.0.0.1:8080", url) for it in arguments]
    return subprocess.run([sys.executable, *code], capture_output=True, check=False).returncode == 0


def _transformed(mount: str, original: bytes) -> bytes:
    presets = {**stack.PRESETS["presets"], **CONFIG["presets"]}
    return bytes(Pipeline.parse(presets[CONFIG["mounts"][mount]["pipeline"]]).encode(original).body)


def test_the_pages_commands_read_each_mount(
    server: str, photos: Mapping[str, bytes], tmp_path: Path
) -> None:
    (block,) = [it for it in guide.blocks("containers.md") if ":8080/" in it]
    assert set(re.findall(r":8080/(\w+)/", block)) == CONFIG["mounts"].keys()
    script = block.replace("http://127.0.0.1:8080", server)
    subprocess.run(["bash", "-euc", script], cwd=tmp_path, capture_output=True, check=True)
    original = photos["rocket.jpg"]
    assert (tmp_path / "rocket.npy").read_bytes() == _transformed("photos", original)
    assert (tmp_path / "rocket.jpg").read_bytes() == _transformed("thumbnails", original)


def test_the_dashboards_metrics_are_the_servers(server: str) -> None:
    batch = json.dumps({"keys": ["rocket.jpg", "missing.jpg"]}).encode()
    for asked in (
        urllib.request.Request(f"{server}/_batch/thumbnails", batch),
        urllib.request.Request(f"{server}/thumbnails/rocket.jpg"),
        urllib.request.Request(f"{server}/thumbnails/missing.jpg"),
    ):
        with urllib.request.build_opener(_KeepErrors).open(asked, timeout=60) as answer:
            answer.read()
    with urllib.request.urlopen(f"{server}/metrics", timeout=60) as page:
        lines = [line for line in page.read().decode().splitlines() if not line.startswith("#")]
    shown: dict[str, set[str]] = {}
    for line in lines:
        name, labels = re.split(r"[{ ]", line)[0], set(re.findall(r'(\w+)="', line))
        shown.setdefault(name, labels)
        assert shown[name] == labels
    assert {name: shown.get(name) for name in METRICS} == METRICS


class _KeepErrors(urllib.request.HTTPErrorProcessor):
    """Return answers that are errors, where urllib would raise."""

    def http_response(self, request: Any, response: Any) -> Any:
        return response
