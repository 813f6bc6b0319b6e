"""Just-in-time preprocessing of training data.

`Pipeline` transforms one object, `open_reader` reads many.

>>> from jitprep import Pipeline, open_reader

Importing this package loads neither: each is imported when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jitprep.reader import open_reader as open_reader
    from preprocessing import Pipeline as Pipeline

_WHERE = {"Pipeline": "preprocessing", "open_reader": "jitprep.reader"}

__all__ = ["Pipeline", "open_reader"]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        library = import_module("preprocessing")
        if not hasattr(library, "SpecError"):
            raise ImportError(
                f"The module 'preprocessing' was imported from {library.__file__}, which does not "
                "belong to jitprep. Rename that file, or start Python in another folder."
            )
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
