"""Any bytes as text: the planned documents, or one of the library's errors."""

from __future__ import annotations

import json
from collections.abc import Iterator

from fuzz.laws import require_planned
from preprocessing import Pipeline

RUNS = 1_500
WORDS = [
    "<script>",
    "<!--",
    "-->",
    "<![CDATA[",
    "&#x",
    "&amp;",
    "</",
    "<meta charset=",
    "utf-16",
    "csv",
]
WORDS += [
    "\\\\ud83d",
    "\\\\u0000",
    '\\"',
    "http://",
    "@example.com",
    "\\xef\\xbb\\xbf",
    "\\xff\\xfe",
]
_PROSE = (
    "Ein Größenvergleich: naïve café, 3\u202fm².\r\nThe quick brown fox jumps over the lazy dog.\n",
    "Съешь же ещё этих мягких французских булок, да выпей чаю. Широкая электрификация южных.\n",
    "\u3044\u308d\u306f\u306b\u307b\u3078\u3068 \u3061\u308a\u306c\u308b\u3092. \u30a4\u30ed\u30cf\n",
    "cafe\u0301 \U0001f468\u200d\U0001f469\u200d\U0001f467 \ufb01n th\u00c3\u00a9 ada@example.com\n",
)
_CHARSETS = (
    *("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "cp1252", "koi8-r", "cp1251"),
    *("shift_jis", "euc-jp", "gb18030", "iso-8859-1"),
)
_HTML = (
    "<!DOCTYPE html><html><head><meta charset=utf-8><title>A note</title><style>p{}</style></head>"
    "<body><h1>Caf&eacute;</h1><p>one<br>two<table><tr><td>x<td>y</table><pre> a\n b</pre>"
    "<script>if (a < b) '</p>'</script><!-- hidden --><ul><li>1<li>2</ul></body></html>"
)
PIPELINES = (
    Pipeline.parse("nfc/text"),
    Pipeline.parse("strip_html/fix_mojibake/nfkc/collapse_whitespace/truncate:50/jsonl"),
    Pipeline.parse("redact_patterns/lower/jsonl"),
    Pipeline.parse("csv:body/jsonl"),
    Pipeline.parse("json_lines:text/jsonl"),
)


def seeds() -> Iterator[bytes]:
    """Return prose in many charsets, HTML, CSV and JSON lines."""
    for charset in _CHARSETS:
        for prose in _PROSE:
            if encoded := prose.encode(charset, "ignore"):
                yield encoded
    yield _HTML.encode()
    rows = [{"id": number, "text": prose} for number, prose in enumerate(_PROSE)]
    yield "".join(f"{json.dumps(row)}\n" for row in rows).encode()
    yield "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode()
    yield ('id,body\n1,"a ""quoted"" text\nof two lines"\n2,plain\r\n3,' + _PROSE[0]).encode()
    yield b"body\tn\nx\t1\n"


def target(data: bytes) -> None:
    """Decode, clean, and read as a table."""
    require_planned(PIPELINES, data)
