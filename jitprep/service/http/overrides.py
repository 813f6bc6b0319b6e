"""What a client chooses for itself: another preset, a seed. By query parameter or by header.

``?seed=3`` or ``x-jitprep-seed: 3``. Nothing of it is allowed unless the function's configuration says
so, and what is not allowed is refused: a seed that is ignored would train on the same crops for ever.
"""

from __future__ import annotations

from collections.abc import Mapping

from jitprep.service.config import config
from jitprep.service.errors import RequestFailed
from preprocessing.rng import LARGEST_SEED


def preset(headers: Mapping[str, str], query: Mapping[str, str]) -> str | None:
    """Return the preset that the request asks for.

    Raises
    ------
    RequestFailed
        ``OverrideNotAllowed``.
    """
    return _asked("pipeline", headers, query)


def seed(headers: Mapping[str, str], query: Mapping[str, str]) -> int:
    """Return the seed that the request asks for, 0 where it asks for none.

    Raises
    ------
    RequestFailed
        ``OverrideNotAllowed``, or ``InvalidSeed`` for what is no whole number from 0 to 2**63 - 1.
    """
    text = _asked("seed", headers, query)
    return 0 if text is None else seed_of(text)


def seed_of(text: str) -> int:
    """Return the seed that a text says. Raises RequestFailed, ``InvalidSeed``."""
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and int(text) <= LARGEST_SEED):
        raise RequestFailed(
            400, "InvalidSeed", f"the seed must be a whole number from 0 to {LARGEST_SEED}"
        )
    return int(text)


def _asked(name: str, headers: Mapping[str, str], query: Mapping[str, str]) -> str | None:
    value = headers.get(f"x-jitprep-{name}") or query.get(name)
    if value is not None and name not in config().overrides:
        raise RequestFailed(
            400,
            "OverrideNotAllowed",
            f"this function does not let requests choose their {name}; leave it out, or add {name} to "
            "the function's JITPREP_REQUEST_OVERRIDES",
        )
    return value
