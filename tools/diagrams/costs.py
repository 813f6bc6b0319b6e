"""Diagram of the page on cost: where the work can be done, and what is paid on each way."""

from __future__ import annotations

from tools.diagrams.drawing import Drawing

# Of each way: tone, what is paid at the store, who prepares, and what is paid on the way to the host.
_WAYS = (
    ("host", ("GETs",), ("Own cores", "paid for already"), ()),
    ("server", ("GETs",), ("Server", "hours, used or not"), ("balancer, zones",)),
    (
        "function",
        ("GETs, HEADs",),
        ("Lambda", "GB-seconds, requests"),
        ("logs; Object Lambda:", "returned bytes"),
    ),
    (
        "copies",
        ("GETs, once",),
        ("Copies, shards", "one pass, storage"),
        ("a GET per object", "or per shard"),
    ),
)
_TOP, _ROW = 56, 88


def ways() -> str:
    """Return where an object can be prepared, with the charges of each way."""
    height = _TOP + _ROW * len(_WAYS) + 44
    drawing = Drawing(
        760,
        height,
        "Where the work can be done, and what is paid for",
        "Four ways from originals in S3 to the GPU. Own cores: GETs, and the host's cores, "
        "which are paid for already. A server: GETs, and its hours, used or not. Lambda: GETs, "
        "GB-seconds, requests and logs, and with Object Lambda the returned bytes. Stored "
        "copies or shards: one pass and storage, then a GET per object or shard. On each way, "
        "GPUs that wait for the host cost idle time.",
    )
    for x, words in (
        (68, "originals"),
        (318, "who prepares"),
        (552, "on the way"),
        (692, "training host"),
    ):
        drawing.text((x, 34), words, "middle", "faint")
    tall = _ROW * len(_WAYS) - 12
    drawing.box((16, _TOP), (104, tall), "store", ("S3", "or another", "store"))
    drawing.box(
        (640, _TOP),
        (104, tall),
        "host",
        ("Host", "receives, or", "prepares", "and feeds", "the GPUs"),
    )
    for row, (tone, fetched, who, sent) in enumerate(_WAYS):
        y = _TOP + _ROW * row + (_ROW - 12) / 2
        drawing.arrow((120, y), (232, y), tone=tone)
        drawing.text((174, y - 8), fetched[0], "middle", "faint")
        drawing.box((232, y - 28), (172, 56), tone, who)
        drawing.arrow((404, y), (640, y), tone=tone)
        for line, words in enumerate(sent):
            drawing.text((520, y - 8 + 24 * line), words, "middle", "faint")
    words = "On each way: GPUs that wait for the host are paid for too (idle)."
    drawing.text((380, height - 18), words, "middle", "faint")
    return drawing.svg()
