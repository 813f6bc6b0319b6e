"""Measure the steps for text on one thread: ``python -m bench.kinds.text``; docs/text-bench.json.

The texts are random English letters from a seed: plain, with some curly quotes and accents, with
decomposed accents, and as a web page. The fastest of several runs counts; sizes are in MB of UTF-8.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from pathlib import Path
from random import Random
from time import perf_counter

from bench.environment import occasion
from preprocessing import Pipeline

_PAGE = Path(__file__).parents[2] / "docs/text-bench.json"
_LETTERS, _REPEATS = 2**21, 5
_RARE = ("“quoted”", "café", "naïve", "–", "it’s", "Zürich")
_TAGS = ("<p>", "</p>", "<b>", "</b>", '<a href="/x">', "</a>", "<br>", "&amp;", "<!-- x -->")
_CHAIN = "fix_mojibake/strip_html/nfc/redact_patterns/collapse_whitespace"
CASES = {
    "decoding alone": ("text", ("plain", "english", "page")),
    "nfc": ("nfc", ("plain", "english", "decomposed")),
    "nfkc": ("nfkc", ("english",)),
    "lower": ("lower", ("english",)),
    "collapse_whitespace": ("collapse_whitespace", ("english",)),
    "fix_mojibake": ("fix_mojibake", ("english",)),
    "redact_patterns": ("redact_patterns", ("english",)),
    "strip_html": ("strip_html", ("page",)),
    "the chain": (_CHAIN, ("english", "page")),
}


def main() -> None:
    """Print the table and write the figures of the page."""
    texts = {name: text.encode() for name, text in materials().items()}
    rows = [
        {"what": what, "spec": spec, "text": name, "mb_s": round(_speed(spec, texts[name]), 1)}
        for what, (spec, names) in CASES.items()
        for name in names
    ]
    for row in rows:
        sys.stdout.write(f"{row['what']:22}{row['text']:12}{row['mb_s']:10.1f} MB/s\n")
    table = {"about": occasion("preprocessing", "bench"), "chain": _CHAIN, "rows": rows}
    _PAGE.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


def materials() -> dict[str, str]:
    """Return the texts by name."""
    random = Random(0)  # noqa: S311  the order is not a secret
    words = ["".join(random.choices("etaoinshrdlu", k=random.randint(2, 9))) for _ in range(2000)]

    def drawn(rare: tuple[str, ...], share: float) -> str:
        parts: list[str] = []
        while len(parts) < _LETTERS // 6:
            parts.append(random.choice(rare if random.random() < share else words))
        return "".join(word + (".\n" if i % 12 == 11 else " ") for i, word in enumerate(parts))

    english = drawn(_RARE, 0.05)
    return {
        "plain": drawn(("x",), 0),
        "english": english,
        "decomposed": unicodedata.normalize("NFD", english),
        "page": drawn(_TAGS, 0.2),
    }


def _speed(spec: str, data: bytes) -> float:
    pipeline = Pipeline.parse(f"text/{spec}")
    pipeline(data)
    times = []
    for _ in range(_REPEATS):
        start = perf_counter()
        pipeline(data)
        times.append(perf_counter() - start)
    return len(data) / min(times) / 1e6


if __name__ == "__main__":
    main()
