"""The README's commands install jitprep from a clone, and what they install can be imported."""

from __future__ import annotations

import re
import shlex
import subprocess
import venv
from pathlib import Path

import pytest

from tests.paths import ROOT

README_INSTALLS = re.findall(
    r"^pip install .*", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE
)


def test_the_readme_installs_it() -> None:
    assert README_INSTALLS


@pytest.mark.parametrize("command", README_INSTALLS)
def test_it_installs_from_a_clone(command: str, tmp_path: Path) -> None:
    venv.create(tmp_path, with_pip=True)
    python = tmp_path / "bin/python"
    install = shlex.split(command, comments=True)
    subprocess.run([python, "-m", *install, "--quiet", "--no-compile"], cwd=ROOT, check=True)
    here = "import jitprep.server.app; from jitprep import open_reader; print(open_reader)"
    isolated = [python, "-I", "-W", "error", "-c", here]
    done = subprocess.run(isolated, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert "open_reader" in done.stdout
