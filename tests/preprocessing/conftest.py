"""The tokenizers that the strategies name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from unittest.mock import patch

import pytest

from .strategies.text import make_tokenizers


@pytest.fixture(scope="session", autouse=True)
def tokenizers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Have the tokenizers that the strategies name."""
    folder = tmp_path_factory.mktemp("tokenizers")
    make_tokenizers(folder)
    with patch.dict(os.environ, {"JITPREP_TOKENIZERS": str(folder)}):
        yield
