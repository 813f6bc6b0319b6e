"""Diagram of the page on doors: which client reaches which door."""

from __future__ import annotations

from tools.diagrams.drawing import Drawing

_CLIENTS = (
    (("S3 clients", "SDKs, CLI"), "store"),
    (("open_reader", "Python"), "host"),
    (("HTTP clients", "curl, web"), "store"),
    (("A job", "all objects"), "copies"),
)
# Of each door: what it is, the tone, and which of the clients reach it.
_DOORS = (
    (("A server", "jitprep serve"), "server", (0, 1, 2)),
    (("Object Lambda", "access points"), "function", (0, 1)),
    (("Function URL", "API Gateway"), "function", (1, 2)),
    (("Invoke", "many keys at once"), "function", (1,)),
    (("Your own process", "files, stores"), "host", (1,)),
    (("Batch Operations", "stores copies"), "copies", (3,)),
)
_TOP, _ROW = 108, 58
_FIRST, _COLUMN = 74, 118


def doors() -> str:
    """Return which client reaches which door, and that all lead to one pipeline."""
    height = _TOP + _ROW * len(_DOORS) + 16
    drawing = Drawing(
        760,
        height,
        "Which client reaches which door",
        "S3 clients reach a server and access points of Object Lambda. open_reader reaches "
        "these, Function URLs and API Gateway, Invoke, and your own process. HTTP clients reach "
        "a server and Function URLs. A job reaches S3 Batch Operations, which store copies. All "
        "doors lead to one pipeline, which returns the same bytes.",
    )
    last = {i: max(d for d, (_, _, who) in enumerate(_DOORS) if i in who) for i in range(4)}
    for place, (_, tone) in enumerate(_CLIENTS):
        x = _FIRST + _COLUMN * place
        drawing.line((x, 66), (x, _middle(last[place])), tone=tone)
    for row, (lines, tone, who) in enumerate(_DOORS):
        y = _middle(row)
        drawing.arrow((_FIRST + _COLUMN * who[0], y), (484, y), tone=tone)
        for place in who:
            drawing.dot((_FIRST + _COLUMN * place, y), _CLIENTS[place][1])
        drawing.box((484, y - 23), (144, 46), tone, lines)
        drawing.arrow((628, y), (648, y), tone=tone)
    for place, (lines, tone) in enumerate(_CLIENTS):
        drawing.box((_FIRST - 54 + _COLUMN * place, 16), (108, 50), tone, lines)
    drawing.text((556, 96), "doors", "middle", "faint")
    tall = _ROW * len(_DOORS) - 12
    pipeline = ("Pipeline", "equal bytes", "for equal", "objects", "and seeds")
    drawing.box((648, _TOP + 6), (100, tall), "plain", pipeline)
    return drawing.svg()


def _middle(row: int) -> float:
    return _TOP + _ROW * row + _ROW / 2
