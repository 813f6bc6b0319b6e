"""The tokenizers that the strategies name, and the register of steps of one's own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from unittest.mock import patch

import pytest

from preprocessing.own_steps.definition import REGISTERED

from .strategies.text import make_tokenizers

_defined = dict(REGISTERED)


def pytest_collection_finish() -> None:
    """Forget the steps that test modules define, which the messages of other tests would name."""
    _defined.update(REGISTERED)
    REGISTERED.clear()


@pytest.fixture
def own_register() -> Iterator[None]:
    """Register the steps that test modules define, and forget those that a test defines."""
    REGISTERED.update(_defined)
    yield
    REGISTERED.clear()


@pytest.fixture(scope="session", autouse=True)
def tokenizers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Have the tokenizers that the strategies name."""
    folder = tmp_path_factory.mktemp("tokenizers")
    make_tokenizers(folder)
    with patch.dict(os.environ, {"JITPREP_TOKENIZERS": str(folder)}):
        yield
