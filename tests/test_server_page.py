"""The page on the server runs as written, and the page on configuration names every setting."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jitprep.server.configuration import keys
from jitprep.server.configuration import settings as of_mounts
from jitprep.service import settings

from .paths import ROOT

PAGE = (ROOT / "docs/doors/server.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8080"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, photos: dict[str, bytes]) -> Path:
    """The current folder, with a photograph in a folder of its own."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/rocket.jpg").write_bytes(photos["rocket.jpg"])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path


@pytest.fixture
def address(folder: Path) -> Iterator[str]:
    """The address of the page's own server, on a free port."""
    (command,) = re.findall(r"^jitprep serve (.*)$", "".join(blocks("sh")), re.MULTILINE)
    server = [sys.executable, "-m", "jitprep.server", *shlex.split(command), "--port", "0"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(server, stdout=log, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        said = [process.stderr.readline() for _ in range(2)]
        found = re.fullmatch(r"serving photos at (http://127\.0\.0\.1:\d+)\n", said[0])
        assert found, said
        expected = "".join(blocks("text")[1:2]).replace(ADDRESS, found[1])
        assert "".join(said) == expected
        yield found[1]
    finally:
        process.terminate()
        process.communicate(timeout=60)


def run(command: str, address: str) -> None:
    clients = Path(sys.executable).parent
    command = command.replace(ADDRESS, address).replace("aws --", f"{clients}/aws --")
    subprocess.run(["bash", "-euc", command], check=True, capture_output=True, timeout=120)


def test_the_first_reads(address: str, folder: Path) -> None:
    names: dict[str, Any] = {}
    for code in blocks("python"):
        exec(code.replace(ADDRESS, address), names)
    assert names["image"].shape == (3, 224, 224)
    assert names["head"]["errorCode"] == "NoSuchKey"
    for command in blocks("sh"):
        if command.startswith(("curl -fo", "aws ")):
            run(command, address)
            assert (folder / "rocket.npy").read_bytes() == names["body"]
            (folder / "rocket.npy").unlink()


@pytest.mark.parametrize("toml", blocks("toml"))
def test_the_configurations_are_right(
    toml: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Secrets are files here; the page has them where a container has."""
    (folder / "secret").write_text("secret\n")
    (folder / "jitprep.toml").write_text(toml.replace("/run/secrets/trainer", "secret"))
    for name in re.findall(r"env:(\w+)", toml):
        monkeypatch.setenv(name, name.lower())
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.delenv("JITPREP_CONFIG", raising=False)
    command = [sys.executable, "-m", "jitprep.server", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "photos: s3://my-photos/" in done.stdout


def test_the_page_of_configuration_names_every_setting() -> None:
    page = (ROOT / "docs/deploy/configuration.md").read_text(encoding="utf-8")
    everywhere = settings._OF_SERVICE | settings._OF_SERVER
    written = {f"`JITPREP_{name.upper()}` | `{name}`" for name in everywhere}
    written |= {f"`{name}`" for name in of_mounts._MEMBERS | keys._MEMBERS}
    assert [text for text in sorted(written) if text not in page] == []
