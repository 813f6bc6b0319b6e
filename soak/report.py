"""A result as a table and as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bench.report import markdown

_MEGABYTE = 2**20

_CONDITIONS = """\
{date}, commit {commit}: {machine[processor]}; {machine[cores]} cores, shared by
clients, endpoint, workers and S3; {machine[system]}; Python {python}. Made by `{command}` in
{minutes:.0f} minutes; [soak.json](soak.json) has all of it."""

_INTRODUCTION = """\
{clients} clients read photographs through Object Lambda access points of the local endpoint, whose
{workers} workers run the handler as Lambda does. Every answer is compared with what must come: the
bytes, length and ETag that the library gives for that object, or an error. It is *right* if it is
exactly that; *refused* if it is another error, which only some phases allow; else *wrong*."""

_PHASES = {
    "load": """\
- **load**: whole objects, ranges, HEADs, conditional reads and listings, through five pipelines. Waiting
  for one of the {workers} workers is most of the time that a request takes.""",
    "S3 fails": """\
- **S3 fails**: a proxy before S3 spoils its answers: they are late and come in drops, the connection is
  reset in the middle, or closed before all has come, a byte is another one (which only the checksum
  tells), it is 503 SlowDown, or nothing comes at all. Reads are tried again within their deadline; the
  few refused had five such answers in a row.""",
    "workers killed": """\
- **workers killed**: by SIGKILL, in the middle of whatever they did. Each takes one request with it at
  most, whose client is told: `LambdaRuntimeError`, or a body that breaks off where it had begun.""",
    "clients leave": """\
- **clients leave**: before their answer, or in the middle of it. Nobody else is to notice.""",
    "damaged images": """\
- **damaged images**: real photographs in {formats} variants of six formats, with bits flipped,
  truncated, spliced with others, lengths overwritten, pieces repeated or left out. The library told
  beforehand, in another process, what each must give: these bytes, or this error.""",
    "absurd events": """\
- **absurd events**: made by Hypothesis, nearly valid ones and any JSON, through Lambda's Invoke. What is
  in brackets had nobody to answer: no known shape, or a token that is nobody's.""",
    "tokens stolen": """\
- **tokens stolen**: every token is used again after the function used it, and as many are made up.""",
    "hostile files": """\
- **hostile files**: those of SECURITY.md, each through its pipelines, by workers that have
  {timeout:.0f} s for a read and `JITPREP_MEMORY={memory}MiB`, while others read photographs. Each must
  be refused with the reason, `DeadlineExceeded` included, or give what the library gives; and no worker
  may have more memory than that, what a process takes for itself, and 64 MB.""",
}

_LAWS = """\
The program fails unless: no answer is wrong; no request takes more than {patience:.0f} s; no worker ends
that was not killed; no worker's memory keeps growing from quarter to quarter of a phase, by more than
{growth} MB in all; no `LambdaResponseNotReceived` and no `InternalError` comes; no error comes that the
phase does not explain; nothing secret is in the workers' log."""


def table(result: Mapping[str, Any]) -> str:
    """Return the phases, a line each."""
    header = (
        "", "requests", "right", "refused", "wrong", "hung", "p50 ms", "p99 ms",
        "peak MB", "growth MB", "killed", "lost",
    )  # fmt: skip
    return markdown(header, [_line(row) for row in result["phases"]])


def codes(result: Mapping[str, Any]) -> str:
    """Return the answers by error code, a line for each phase."""
    rows = [(row["name"], _counts(row["answers"]["codes"])) for row in result["phases"]]
    return markdown(("", "errors by code, those included that had to come"), rows)


def deeds(result: Mapping[str, Any]) -> str:
    """Return what was asked and what was done, a line for each phase."""
    rows = [
        (row["name"], _counts(row["answers"]["kinds"]), _counts(row["deeds"]))
        for row in result["phases"]
    ]
    return markdown(("", "requests", "done meanwhile"), rows)


def verdict(result: Mapping[str, Any]) -> str:
    """Return what is broken, with the first of what broke it, or that nothing is."""
    if not result["broken"]:
        return "Every law holds."
    details = [detail for row in result["phases"] for detail in row["answers"]["details"]]
    return "\n".join(("Broken:", *(f"- {line}" for line in (*result["broken"], *details))))


def page(result: Mapping[str, Any]) -> str:
    """Return the whole page, docs/soak.md."""
    made = result["made"]
    return "\n\n".join(
        (
            "# Staying up",
            _CONDITIONS.format(**made),
            _INTRODUCTION.format(**made),
            table(result),
            codes(result),
            deeds(result),
            verdict(result),
            f"## What is done\n\n{_done(result)}",
            f"## What must hold\n\n{_LAWS.format(**made)}",
        )
    )


def _done(result: Mapping[str, Any]) -> str:
    """Return what the phases do that the run had."""
    had = {row["name"] for row in result["phases"]}
    return "\n".join(
        words.format(**result["made"]) for name, words in _PHASES.items() if name in had
    )


def _line(row: Mapping[str, Any]) -> Sequence[str]:
    answers, processes = row["answers"], row["processes"]
    growth = processes["growth"]
    return (
        row["name"],
        *(f"{answers[name]:,}" for name in ("requests", "right", "refused", "wrong", "hung")),
        *(f"{answers[name]:,.0f}" for name in ("p50_ms", "p99_ms")),
        f"{processes['peak'] / _MEGABYTE:.0f}",
        "–" if growth is None else f"{growth / _MEGABYTE:.1f}",
        *(str(processes[name]) for name in ("killed", "lost")),
    )


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items()) or "none"
