"""How Hypothesis runs here.

The same examples every time, so that a red run can be had again. To look for new ones:
``pytest tests/preprocessing --hypothesis-profile=explore``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings

from .strategies.text import make_tokenizers

_SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large)
settings.register_profile(
    "laws", max_examples=60, derandomize=True, deadline=None, suppress_health_check=_SLOW
)
settings.register_profile("explore", max_examples=2000, deadline=None, suppress_health_check=_SLOW)
settings.load_profile("laws")


@pytest.fixture(scope="session", autouse=True)
def tokenizers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Have the tokenizers that the strategies name."""
    folder = tmp_path_factory.mktemp("tokenizers")
    make_tokenizers(folder)
    with patch.dict(os.environ, {"JITPREP_TOKENIZERS": str(folder)}):
        yield
