"""The examples in the docstrings of the public classes run as written."""

from __future__ import annotations

import doctest
import sys

import pytest

from preprocessing import Pipeline, Plan, Seed, Stack


@pytest.mark.parametrize("documented", [Pipeline, Plan, Seed, Stack])
def test_examples_run_as_written(documented: type) -> None:
    module = sys.modules[documented.__module__]
    found = doctest.DocTestFinder().find(documented, documented.__name__, module)
    examples = [test for test in found if test.examples]
    assert examples
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    for test in examples:
        assert runner.run(test).failed == 0, test.name
