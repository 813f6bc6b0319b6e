"""Griffe extension that lets the API reference know the fields of `preprocessing.frozen.frozen` classes.

Griffe recognises a dataclass by its decorator. `frozen` takes the same fields under another name.
"""

from __future__ import annotations

from typing import Any

import griffe


class FrozenExtension(griffe.Extension):
    """Treat ``@frozen`` as ``@dataclass``."""

    def on_class_members(self, *, cls: griffe.Class, **_: Any) -> None:
        """Replace the decorator before the dataclass extension looks for it."""
        for decorator in cls.decorators:
            if decorator.callable_path.endswith("frozen.frozen"):
                decorator.value = griffe.ExprName("dataclasses.dataclass")
