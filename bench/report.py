"""The result as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.cases import PIPELINES
from bench.figures import MEGABYTE, OURS, TIE, contenders, judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bench.figures import Result


_CONDITIONS = """\
{date}, commit {commit}: {processor}; {cores} cores; {system};
Python {python}; OpenBLAS {kernel}. Made by `{command}`; [benchmarks.json](benchmarks.json) has
all of it. Only ratios travel between machines."""

_NOTES = """\
Milliseconds per image (P5: per batch), the minimum of interleaved repeats on one thread. In brackets:
the PSNR in dB against float64 resampling of the full decode, which for P1 JPEG includes the losses of
JPEG's own encoding. Bold: the fastest, and ties within 5%."""

BEGIN, END = "<!-- benchmarks: written by make bench -->", "<!-- benchmarks: end -->"
_README = """\
ImageNet's evaluation preprocessing of a 500×375 JPEG takes jitprep {jitprep:.2f} ms on one thread,
torchvision {torchvision:.2f} ms, and the scikit-image code of AWS's article on S3 Object Lambda
{article:.1f} ms. Hand-written SIMD, simplejpeg with cykooz, takes {cykooz:.2f} ms; it is faster than
jitprep in {ahead} cases that it runs.
{date}, {machine[processor]}."""
_SHOWN = {
    "jitprep": "jitprep",
    "torchvision": "torchvision v2, tensors",
    "article": "scikit-image (the article's)",
    "cykooz": "simplejpeg + cykooz",
}

_TARGETS = """\
The targets come from a processor with AVX-512, whose instructions multiply twice as many samples at once
as those of AVX2."""

_APART = """\
They skip pixels where the image shrinks, so they do less work, and a model trained on the result sees
aliases. Not ranked."""

_METHOD = """\
The images are photographs that scikit-image ships, as JPEG 4:2:0 of quality 90: four of 500×375, and
mosaics of such of 1, 4 and 12 MP. Where a case has several images, or P3's {crops} crops, its time is
the median over them of each one's minimum. P5 is {batch} images.

One process ran {rounds} rounds; in each, every library has its turn at every case, in an order drawn
anew (a slow one in some rounds only), and is held to one thread through its own interface. No
environment variable steers any: the program starts itself again without them. Every answer is checked
against the reference before it is timed. Two threads are a pool of Python's over the same functions.
Cold starts and memory are of fresh processes. Nothing here is a test: a slow machine fails nothing."""


def page(result: Result) -> str:
    """Return the whole page, docs/benchmarks.md."""
    return "\n\n".join(
        (
            "# Speed of images",
            _conditions(result),
            "![How many times as long as jitprep each library takes](benchmarks.svg)",
            f"The cases:\n\n{_cases(result)}",
            table(result),
            f"## Not antialiased\n\n{_APART}",
            _rows(result, _apart(result), list(result["cases"])),
            f"## Targets\n\n{_TARGETS}\n\n{figures(result)}",
            f"## Two threads, cold start, memory\n\n{rest(result)}",
            f"## What each library runs\n\n{_who(result)}",
            f"## How it is measured\n\n{_method(result)}",
        )
    )


def readme(text: str, result: Result) -> str:
    """Return the README with the sentences between its two marks replaced."""
    before, _, rest_ = text.partition(BEGIN)
    _, _, after = rest_.partition(END)
    cases = result["cases"]
    ms = {word: cases["P2 500"][name]["ms"] for word, name in _SHOWN.items()}
    shared = [case for case in cases.values() if _SHOWN["cykooz"] in case]
    ahead = [case for case in shared if case[_SHOWN["cykooz"]]["ms"] < case["jitprep"]["ms"]]
    share = "all" if len(ahead) == len(shared) else f"{len(ahead)} of the"
    said = _README.format(**ms, ahead=f"{share} {len(shared)}", **result["made"])
    return f"{before}{BEGIN}\n{said}\n{END}{after}"


def _cases(result: Result) -> str:
    return "\n".join(f"- {case}: {PIPELINES[key]}" for case, key in result["pipelines"].items())


def table(result: Result) -> str:
    """Return the table of times and dB of the antialiased peers, fastest at P2 first."""
    missing = [f"- missing: {name} ({why})" for name, why in result["missing"].items()]
    everything = _rows(result, _ranked(result), list(result["cases"]))
    return "\n\n".join((everything, "\n".join((_NOTES, *missing))))


def _ranked(result: Result) -> list[str]:
    """Return the floor, ourselves, and the antialiased peers, fastest at P2 first."""
    peers = result["peers"]
    ranked = [n for n, p in peers.items() if p["antialiased"] and p["role"] == "peer"]
    ours = [n for n, p in peers.items() if p["role"] == "ours"]
    aside = [n for n, p in peers.items() if p["role"] == "aside"]
    ranked.sort(key=lambda name: result["cases"]["P2 500"].get(name, {}).get("ms", float("inf")))
    return [*aside, *ours, *ranked]


def figures(result: Result) -> str:
    """Return the list of targets, reached or missed."""
    rows = [(f.what, f.target, f.measured, f.verdict) for f in judge(result)]
    return markdown(("figure", "target", "measured", ""), rows)


def rest(result: Result) -> str:
    """Return the tables of threads, cold starts and memory."""
    start, threads, peaks = result["startup"], result["threads"], result["memory"].get("peaks", {})
    base = start["numpy + simplejpeg, imported"]["ms"]
    starts = [
        (name, f"{row['ms']:.0f}", f"{row['ms'] / base:.2f}")
        for name, row in sorted(start.items(), key=lambda item: item[1]["ms"])
    ]
    fastest = next(iter(threads.values()))
    scalings = [
        (name, *(_scaling(rows.get(name)) for rows in threads.values()))
        for name in sorted(fastest, key=lambda name: fastest[name]["two_ms"])
    ]
    memory = [
        (name, f"{peak / MEGABYTE:.1f}") for name, peak in sorted(peaks.items(), key=lambda p: p[1])
    ]
    return "\n\n".join(
        (
            "Milliseconds per image with one Python thread, with two, and the ratio:",
            markdown(("", *threads), scalings),
            "From before the first import to the first P2 result, in a new process, files cached:",
            markdown(("", "ms", "to numpy + simplejpeg"), starts),
            "Peak memory of a first P4, above what the imports left:",
            markdown(("", "MB"), memory) if memory else "not measured on this system",
        )
    )


def _scaling(row: dict[str, float] | None) -> str:
    return f"{row['one_ms']:.2f}, {row['two_ms']:.2f}, {row['scaling']:.2f}×" if row else "–"


def _apart(result: Result) -> list[str]:
    return [name for name, peer in result["peers"].items() if not peer["antialiased"]]


def _rows(result: Result, names: Sequence[str], cases: Sequence[str]) -> str:
    rows = [(name, *(_cell(result, case, name) for case in cases)) for name in names]
    return markdown(("", *cases), rows)


def _cell(result: Result, case: str, name: str) -> str:
    row = result["cases"][case].get(name)
    if row is None:
        return "–"
    text = _ms(row["ms"])
    ranked = contenders(result, case) | {OURS: result["cases"][case][OURS]["ms"]}
    if name in ranked and row["ms"] <= TIE * min(ranked.values()):
        text = f"**{text}**"
    return f"{text} ({row['psnr_db']:.0f})" if "psnr_db" in row else text


def _ms(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def _conditions(result: Result) -> str:
    made = result["made"]
    blas = made["openblas"]
    kernel = f"{blas['version']}, kernel {blas['architecture']}" if blas else "not what numpy has"
    return _CONDITIONS.format(**made, **made["machine"], kernel=kernel)


def _who(result: Result) -> str:
    versions = result["made"]["versions"]
    rows = [
        (name, peer["about"], ", ".join(f"{p} {versions[p]}" for p in peer["packages"]))
        for name, peer in result["peers"].items()
    ]
    return markdown(("", "what it runs", "versions"), rows)


def _method(result: Result) -> str:
    return _METHOD.format(**result["made"])


def markdown(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a Markdown table whose columns are aligned in the source."""
    cells = [[str(c) for c in row] for row in (header, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    lines = [
        "| " + " | ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)) + " |" for r in cells
    ]
    rule = "|" + "|".join("-" * (w + 2) for w in widths) + "|"
    return "\n".join((lines[0], rule, *lines[1:]))
