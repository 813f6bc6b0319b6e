"""A pipeline's steps as an HTML table."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from preprocessing.media import OutputSpec, Spec


def steps_table(
    title: str, rows: Sequence[tuple[str, Spec]], encoding: str, output: OutputSpec
) -> str:
    """Return the steps as an HTML table, each with the spec of its result."""
    cells = [f"<tr><td><code>{escape(what)}</code></td><td>{spec}</td></tr>" for what, spec in rows]
    size = "" if output.nbytes is None else f", {output.nbytes:,} bytes"
    cells.append(
        f"<tr><td><code>{escape(encoding)}</code></td><td>{output.content_type}{size}</td></tr>"
    )
    return (
        f"<table><caption><code>{escape(title)}</code></caption>"
        f"<tr><th>step</th><th>after it</th></tr>{''.join(cells)}</table>"
    )
