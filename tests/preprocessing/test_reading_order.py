"""The lists in `preprocessing`'s docstring: the files that a call enters, in order."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import preprocessing

from ..paths import ROOT

PACKAGE = Path(preprocessing.__file__).parent
PARSED, ENCODED = (preprocessing.__doc__ or "").split("Then follow")

# Prints the files of the package that parsing enters, and those that encoding enters, each once. In a
# program of its own, because a profile function would also slow down and change what else runs here.
TRACED = """
import io, json, sys
import numpy as np
from PIL import Image
import preprocessing
from preprocessing import Pipeline

package = preprocessing.__file__.removesuffix("__init__.py")

def entered(call):
    found = {}
    def note(frame, event, argument):
        path = frame.f_code.co_filename
        if event == "call" and frame.f_code.co_name != "<module>" and path.startswith(package):
            found[path.removeprefix(package)] = None
    sys.setprofile(note)
    result = call()
    sys.setprofile(None)
    return list(found), result

file = io.BytesIO()
Image.fromarray(np.zeros((40, 41, 3), np.uint8)).save(file, "JPEG")
parsed, pipeline = entered(lambda: Pipeline.parse("random_horizontal_flip/resize:13,17/png"))
encoded, _ = entered(lambda: pipeline.encode(file.getvalue(), seed=7))
print(json.dumps([parsed, encoded]))
"""


def named(text: str, pattern: str = r"``([\w/]+(?:\.py|/))``") -> list[str]:
    return re.findall(pattern, text)


@pytest.fixture(scope="module")
def entered() -> tuple[list[str], list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", TRACED],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    parsed, encoded = json.loads(done.stdout)
    return parsed, encoded


def in_order(text: str, files: list[str]) -> None:
    listed = named(text, r"``([\w/]+\.py)``")
    assert len(listed) >= 6
    assert listed == sorted(listed, key=files.index)


def test_every_name_is_there() -> None:
    names = named(PARSED + ENCODED)
    assert [name for name in names if not (PACKAGE / name).exists()] == []


def test_a_call_enters_the_files_in_this_order(entered: tuple[list[str], list[str]]) -> None:
    parsed, encoded = entered
    in_order(PARSED, parsed)
    in_order(ENCODED, encoded)
    for folder in named(ENCODED, r"``([\w/]+/)``"):
        assert any(path.startswith(folder) for path in encoded), folder
