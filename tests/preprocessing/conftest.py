"""How Hypothesis runs here.

The same examples every time, so that a red run can be had again. To look for new ones:
``pytest tests/preprocessing --hypothesis-profile=explore``.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

_SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large)
settings.register_profile(
    "laws", max_examples=60, derandomize=True, deadline=None, suppress_health_check=_SLOW
)
settings.register_profile("explore", max_examples=2000, deadline=None, suppress_health_check=_SLOW)
settings.load_profile("laws")
