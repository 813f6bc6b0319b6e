"""The lists in `preprocessing`'s docstring: the files that a call enters, in order."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import numpy as np
from PIL import Image

import preprocessing
from preprocessing import Pipeline

PACKAGE = Path(preprocessing.__file__).parent
PARSED, ENCODED = (preprocessing.__doc__ or "").split("Then follow")


def named(text: str, pattern: str = r"``([\w/]+(?:\.py|/))``") -> list[str]:
    return re.findall(pattern, text)


def entered(call: Callable[[], object]) -> list[str]:
    """Return the files of the package that a call enters, in order, each once."""
    found: dict[str, None] = {}

    def note(frame: FrameType, event: str, argument: object) -> None:
        path = Path(frame.f_code.co_filename)
        if event == "call" and frame.f_code.co_name != "<module>" and path.is_relative_to(PACKAGE):
            found[path.relative_to(PACKAGE).as_posix()] = None

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        call()
    finally:
        sys.setprofile(before)
    return list(found)


def in_order(text: str, files: list[str]) -> None:
    listed = named(text, r"``([\w/]+\.py)``")
    assert len(listed) >= 6
    assert listed == sorted(listed, key=files.index)


def test_every_name_is_there() -> None:
    names = named(PARSED + ENCODED)
    assert [name for name in names if not (PACKAGE / name).exists()] == []


def test_a_call_enters_the_files_in_this_order() -> None:
    file = io.BytesIO()
    Image.fromarray(np.zeros((40, 41, 3), np.uint8)).save(file, "JPEG")
    pipelines: list[Pipeline] = []
    text = "random_horizontal_flip/resize:13,17/png"
    in_order(PARSED, entered(lambda: pipelines.append(Pipeline.parse(text))))
    files = entered(lambda: pipelines[0].encode(file.getvalue(), seed=7))
    in_order(ENCODED, files)
    for folder in named(ENCODED, r"``([\w/]+/)``"):
        assert any(path.startswith(folder) for path in files), folder
