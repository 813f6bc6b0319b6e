"""Optional dependencies: checked when they are needed, and named with their extra if missing."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from preprocessing.errors import SpecError


def require_installed(
    module: str, library: str, extra: str, *, what: str, advice: str = ""
) -> None:
    """Raise SpecError unless a library is installed. The library is not imported.

    Steps call this when a plan is made rather than when a pipeline is parsed, because a pipeline may be
    written on a machine that does not run it.

    Parameters
    ----------
    module : str
        Name of the module.
    library, extra : str
        Name of the library for people, and the extra of this package that installs it.
    what : str
        What needs the library: the subject of the message's sentence.
    advice : str
        Alternative to installing it, appended to the message.
    """
    if find_spec(module) is None:
        raise SpecError(
            f"{what} needs {library}, which is not installed; pip install 'jitprep[{extra}]'{advice}"
        )


def require_module(module: str, library: str, extra: str, *, what: str, advice: str = "") -> Any:
    """Import and return a library's module; parameters and errors are those of `require_installed`."""
    require_installed(module, library, extra, what=what, advice=advice)
    return import_module(module)
