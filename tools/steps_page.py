"""Write `docs/steps.md`: every step with its spelling and its docstring. Run by ``make docs``."""

from __future__ import annotations

import inspect
from pathlib import Path

from preprocessing import ENCODINGS, TRANSFORMS
from preprocessing.spec.step import Registry, hints, required

HERE = Path(__file__).parents[1] / "docs"
HEAD = """# Transforms and encodings

Made from the docstrings by `make docs`. Each step is written `name:value,key=value` on one line, as
`{"name": {"key": value}}` in a document, and as the class in Python.
"""


def reference() -> str:
    """Return the page."""
    parts = [HEAD, _contents("Transforms", TRANSFORMS), _contents("Encodings", ENCODINGS)]
    for registry in (TRANSFORMS, ENCODINGS):
        parts += [_entry(registry, name) for name in registry]
    return "\n".join(parts)


def _contents(title: str, registry: Registry) -> str:
    links = ", ".join(f"[`{name}`](#{name})" for name in registry)
    return f"**{title}**: {links}\n"


def _entry(registry: Registry, name: str) -> str:
    step = registry[name]
    needed = required(step)
    arguments = [key if key in needed else f"{key}={getattr(step, key)!r}" for key in hints(step)]
    call = f"{step.__name__}({', '.join(arguments)})"
    return f"## {name}\n\n`{call}`\n\n```text\n{inspect.getdoc(step)}\n```\n"


if __name__ == "__main__":
    (HERE / "steps.md").write_text(reference(), encoding="utf-8")
