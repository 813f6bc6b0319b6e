"""The examples in the docstrings of the public classes run as written."""

from __future__ import annotations

import doctest
import sys
from collections.abc import Iterator

import pytest

from preprocessing import Pipeline, Plan, Seed, Stack, Step
from preprocessing.own_steps.definition import REGISTERED


@pytest.fixture
def no_own_steps() -> Iterator[None]:
    """Forget the steps that an example defines."""
    yield
    REGISTERED.clear()


@pytest.mark.parametrize("documented", [Pipeline, Plan, Seed, Stack, Step])
@pytest.mark.usefixtures("no_own_steps")
def test_examples_run_as_written(documented: type) -> None:
    module = sys.modules[documented.__module__]
    found = doctest.DocTestFinder().find(documented, documented.__name__, module)
    examples = [test for test in found if test.examples]
    assert examples
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    for test in examples:
        assert runner.run(test).failed == 0, test.name
