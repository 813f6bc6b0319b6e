"""Write `docs/steps.md`, and the tables of steps in other pages. Run by ``make docs``.

`docs/steps.md` has every step with its call and its docstring. A page may hold a table of all steps
between two marks, each on a line of its own:

    <!-- steps: table -->
    <!-- steps: end -->
"""

from __future__ import annotations

import inspect
import os
import re
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path

from preprocessing import ENCODINGS, TRANSFORMS
from preprocessing.spec.step import Registry, StepBase, hints, required
from preprocessing.transforms import RandomTransform

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/steps.md"
HEAD = """# Transforms and encodings

Generated from the docstrings by `make docs`. Each step is written `name:value,key=value` in a line,
`{"name": {"key": value}}` in a document, and as a class in Python. Arguments without a default come
first. The [gallery](pipelines/gallery/index.md) shows what each step does.
"""
TITLES = {"image": "Images", "audio": "Sound", "video": "Video", "text": "Text"}
_TABLE = re.compile(r"(<!-- steps: table -->\n).*?(<!-- steps: end -->)", re.DOTALL)
_SECTION = re.compile(r"^(\w+)\n-{3,}\n", re.MULTILINE)
_LISTED = {"Parameters", "Raises"}


def pages() -> dict[Path, str]:
    """Return the text of `docs/steps.md`, and of each page with a table of steps."""
    written = {PAGE: reference()}
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        text = path.read_text(encoding="utf-8")
        if path != PAGE and _TABLE.search(text):
            written[path] = _TABLE.sub(rf"\1\n{_table(path)}\n\2", text)
    return written


def reference() -> str:
    """Return the text of `docs/steps.md`."""
    groups = _groups()
    parts = [HEAD, *(f"**{title}**: {_links(names)}\n" for title, names in groups.items())]
    for title, names in groups.items():
        registry = ENCODINGS if title == "Encodings" else TRANSFORMS
        parts += [f"## {title}\n", *(_entry(registry, name) for name in names)]
    return "\n".join(parts)


def _groups() -> dict[str, list[str]]:
    """Return the names of all steps by the title of their section."""
    groups: dict[str, list[str]] = {title: [] for title in TITLES.values()}
    for name, path in TRANSFORMS.catalogue.items():
        groups[TITLES[path.partition(".")[0]]].append(name)
    return {**groups, "Encodings": [*ENCODINGS]}


def _table(page: Path) -> str:
    """Return the table of all steps, with links from `page`."""
    target = os.path.relpath(PAGE, page.parent).replace(os.sep, "/")
    rows = ["| | steps |", "|---|---|"]
    for title, names in _groups().items():
        random = [name for name in names if _is_random(name)]
        rows.append(f"| {title} | {_links((n for n in names if n not in random), target)} |")
        if random:
            rows.append(f"| {title}, random | {_links(random, target)} |")
    return "".join(f"{row}\n" for row in rows)


def _is_random(name: str) -> bool:
    return name in TRANSFORMS and issubclass(TRANSFORMS[name], RandomTransform)


def _links(names: Iterable[str], page: str = "") -> str:
    return ", ".join(f"[`{name}`]({page}#{name})" for name in names)


def _entry(registry: Registry, name: str) -> str:
    step = registry[name]
    return (
        f"### {name}\n\n```python\n{_call(step)}\n```\n\n{_markdown(inspect.getdoc(step) or '')}\n"
    )


def _call(step: type[StepBase]) -> str:
    needed = required(step)
    arguments = [key if key in needed else f"{key}={getattr(step, key)!r}" for key in hints(step)]
    return f"{step.__name__}({', '.join(arguments)})"


def _markdown(docstring: str) -> str:
    """Return a numpydoc docstring as Markdown."""
    first, *sections = _SECTION.split(docstring)
    parts = [first.strip()]
    for title, body in zip(sections[::2], sections[1::2], strict=True):
        parts.append(f"**{title}**")
        parts.append("\n".join(_items(body)) if title in _LISTED else body.strip())
    return re.sub(r"``(.+?)``", r"`\1`", "\n\n".join(parts))


def _items(body: str) -> Iterator[str]:
    """Yield the entries of a section, ``name : type`` and the indented lines below, as list items."""
    for entry in re.split(r"\n(?=\S)", body.strip()):
        head, _, text = entry.partition("\n")
        names, _, kind = head.partition(" : ")
        shown = ", ".join(f"`{name}`" for name in names.split(", "))
        about = " ".join(textwrap.dedent(text).split("\n"))
        yield f"- {shown}{f' ({kind})' if kind else ''}{f': {about}' if about else ''}"


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
