"""The libraries that not everybody has: asked for when they are needed, named where they are missing."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from preprocessing.errors import SpecError


def require_installed(
    module: str, library: str, extra: str, *, what: str, advice: str = ""
) -> None:
    """Raise SpecError where a library is not installed; it is not imported.

    For steps, which ask it when a plan is made, not when a pipeline is parsed: a pipeline may be written
    where it does not run.

    Parameters
    ----------
    module : str
        What it is imported as.
    library, extra : str
        What people call it, and the extra of ours that brings it.
    what : str
        What needs it.
    advice : str
        What may be done instead, if anything.
    """
    if find_spec(module) is None:
        raise SpecError(
            f"{what} needs {library}, which is not installed; pip install 'jitprep[{extra}]'{advice}"
        )


def require_module(module: str, library: str, extra: str, *, what: str, advice: str = "") -> Any:
    """Return a library's module, imported; takes and raises what `require_installed` does."""
    require_installed(module, library, extra, what=what, advice=advice)
    return import_module(module)
