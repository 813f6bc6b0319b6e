"""The steps that test modules define are known to the tests of this folder."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def own_steps_known(own_register: None) -> None:
    """Have them known in each test."""
