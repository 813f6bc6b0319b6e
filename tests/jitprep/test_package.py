"""The package `jitprep` itself: two names, and nothing loaded for them before they are used."""

from __future__ import annotations

import doctest
import subprocess
import sys

import pytest

import jitprep
import preprocessing
from jitprep import reader


def test_the_names_are_those_of_the_library_and_the_reader():
    assert jitprep.__all__ == ["Pipeline", "open_reader"]
    assert dir(jitprep) == jitprep.__all__
    assert jitprep.Pipeline is preprocessing.Pipeline
    assert jitprep.open_reader is reader.open_reader


def test_no_other_name_is_there():
    with pytest.raises(AttributeError, match="module 'jitprep' has no attribute 'pipeline'"):
        jitprep.pipeline  # noqa: B018


def test_importing_it_loads_nothing_else():
    program = (
        "import __future__, sys, importlib, typing\n"
        "before = set(sys.modules)\n"
        "import jitprep\n"
        "print(sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "['jitprep']\n"


def test_its_examples_are_right():
    result = doctest.testmod(jitprep)
    assert result.attempted >= 3
    assert result.failed == 0
