"""Write the tables of clients and the code that connects each. Run by ``make clients-table``.

`clients.json` holds what `tests/clients` measured. The code is that of the drivers that measured it.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from preprocessing import Pipeline
from tests.clients.matrix import CALLS, CLIENTS, DEPENDS, FIXED, LARGE, Call, Gives

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/doors/clients.md"
_COLUMNS = {FIXED: "tensor, {size:.1f} MB", DEPENDS: "PNG", LARGE: "tensor, {size:.1f} MB"}
_PLACE = re.compile(r"(<!-- clients: (.*?) -->\n).*?(<!-- clients: end -->)", re.DOTALL)


def page() -> str:
    """Return the page of clients with the text between its marks replaced."""
    found = json.loads((ROOT / "docs/clients.json").read_text(encoding="utf-8"))
    return _PLACE.sub(lambda place: _fill(place, found), PAGE.read_text(encoding="utf-8"))


def _fill(place: re.Match[str], found: Any) -> str:
    kind, *words = place[2].split()
    made = {"table": _table, "code": _code}[kind](found, *words)
    return f"{place[1]}{made}\n{place[3]}"


def _table(found: Any, client: str) -> str:
    """Return the table of one client."""
    (package,) = (known.package for known in CLIENTS if known.name == client)
    head = (f"{package} {found['versions'][client]}", *_columns())
    return _markdown(head, [(call.shown, *_cells(call, found)) for call in _calls(client)])


def _calls(client: str) -> list[Call]:
    return [call for call in CALLS if call.client == client]


def _columns() -> list[str]:
    sizes = {spec: (Pipeline.parse(spec).output.nbytes or 0) / 1e6 for spec in _COLUMNS}
    return [column.format(size=sizes[spec]) for spec, column in _COLUMNS.items()]


def _cells(call: Call, found: Any) -> tuple[str, ...]:
    costs = found["invocations"][call.client][call.name]
    return tuple(_cell(call, pipeline, costs) for pipeline in _COLUMNS)


def _cell(call: Call, pipeline: str, costs: Mapping[str, Mapping[str, int]]) -> str:
    if pipeline not in call.pipelines:
        return "–" if call.gives is Gives.ARRAY else "**may be wrong**"
    cost = costs[pipeline]
    each = [f"{cost[method]} {method}" for method in ("HEAD", "GET") if method in cost]
    lists = [f"({cost['LIST']} LIST)"] if "LIST" in cost else []
    text = " ".join(filter(None, (" + ".join(each), *lists)))
    believes = call.gives is Gives.SIZE_AS_LISTED and pipeline == DEPENDS
    return f"{text}, originals' sizes" if believes else text


def _code(_found: Any, client: str, *functions: str) -> str:
    """Return some functions of a driver, as they were run, with the imports that they need."""
    text = (ROOT / f"tests/clients/drivers/with_{client}.py").read_text(encoding="utf-8")
    nodes = ast.parse(text).body
    known = {node.name: node for node in nodes if isinstance(node, ast.FunctionDef)}
    shown = [ast.get_source_segment(text, known[name]) or "" for name in functions]
    used = set(re.findall(r"\w+", "\n".join(shown)))
    imports = [ast.unparse(node) for node in nodes if _names(node) & used]
    return "```python\n" + "\n\n".join(("\n".join(imports), *shown)) + "\n```"


def _names(node: ast.stmt) -> set[str]:
    """Return the names that an import of a client's library defines."""
    if (
        not isinstance(node, ast.Import | ast.ImportFrom)
        or getattr(node, "module", "") == "protocol"
    ):
        return set()
    return {alias.asname or alias.name for alias in node.names}


def _markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table that is aligned as text too."""
    table = [tuple(header), *map(tuple, rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    first, *rest = ("| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in table)
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join((first, rule, *rest))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
