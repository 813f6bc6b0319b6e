"""Write the tables of costs and the plot. Run by ``make cost-page``.

`cost.json` holds what ``jitprep cost --json`` measured and assumed. Everything else is computed from it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from jitprep.costs.answers import plot, report
from jitprep.costs.estimate import Estimate, from_json

ROOT = Path(__file__).parent.parent
_PLACE = re.compile(r"(<!-- cost: (\w+) -->\n).*?(<!-- cost: end -->)", re.DOTALL)


def pages() -> dict[Path, str]:
    """Return the pages with the text between their marks replaced, and the plot."""
    estimate = from_json(json.loads((ROOT / "docs/cost.json").read_text(encoding="utf-8")))

    def fill(place: re.Match[str]) -> str:
        return f"{place[1]}{_KINDS[place[2]](estimate)}\n{place[3]}"

    written = {
        path: _PLACE.sub(fill, path.read_text(encoding="utf-8"))
        for path in (ROOT / "README.md", ROOT / "docs/cost/model.md")
    }
    return {**written, ROOT / "docs/cost.svg": plot.render_svg(estimate)}


def _table(estimate: Estimate) -> str:
    return f"{_markdown(report.header(estimate), report.rows(estimate))}\n\n{_caption(estimate)}"


def _summary(estimate: Estimate) -> str:
    """Return the table without the function's memory and time."""
    rows = [(name, *amounts) for name, _, _, *amounts in report.rows(estimate)]
    name, _, _, *amounts = report.header(estimate)
    return f"{_markdown((name, *amounts), rows)}\n\n{_caption(estimate)}"


def _caption(estimate: Estimate) -> str:
    return f"{report.title(estimate)}. \\* The cheapest."


def _losses(estimate: Estimate) -> str:
    return _bullets(report.losses(estimate))


def _notes(estimate: Estimate) -> str:
    return _bullets(report.notes(estimate))


_KINDS: dict[str, Callable[[Estimate], str]] = {
    "table": _table,
    "summary": _summary,
    "losses": _losses,
    "notes": _notes,
}


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table that is aligned as text too. All columns but the first are numbers."""
    table = [tuple(header), *([cell.replace("*", r"\*") for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    first, *rest = ("| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in table)
    rules = ["-" * (width + 2) for width in widths]
    aligned = [rules[0], *(f"{rule[:-1]}:" for rule in rules[1:])]
    return "\n".join((first, "|" + "|".join(aligned) + "|", *rest))


if __name__ == "__main__":
    for page, content in pages().items():
        page.write_text(content, encoding="utf-8")
