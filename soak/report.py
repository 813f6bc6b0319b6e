"""The result as tables and as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bench.report import markdown

_MEGABYTE = 2**20

_CONDITIONS = """\
{date}, commit {commit}: {machine[processor]}; {machine[cores]} cores, shared by
clients, endpoint, workers and S3; {machine[system]}; Python {python}. Made by `{command}` in
{minutes:.0f} minutes; the full result is in [soak.json](soak.json)."""

_INTRODUCTION = """\
{clients} clients read photographs through Object Lambda access points of the local endpoint, whose
{workers} workers run the handler as Lambda does. Every answer is compared with the expected one: the
bytes, length and ETag that the library returns for that object, or an error. An answer is *right* if
it is exactly that, *refused* if it is another error, which only some phases allow, and otherwise
*wrong*."""

_PHASES = {
    "load": """\
- **load**: whole objects, ranges, HEADs, conditional reads and listings, through five pipelines. A
  request spends most of its time waiting for one of the {workers} workers.""",
    "S3 fails": """\
- **S3 fails**: a proxy in front of S3 corrupts its answers. They arrive late and in small pieces,
  the connection is reset in the middle or closed early, one bit is flipped (only the checksum shows
  it), the answer is 503 SlowDown, or none comes. Reads are retried within their deadline; the few
  that were refused got five such answers in a row.""",
    "workers killed": """\
- **workers killed**: by SIGKILL, at any moment. Each killed worker loses at most one request. Its client
  gets `LambdaRuntimeError`, or an incomplete body if the answer had started.""",
    "managed mode": """\
- **managed mode**: the function runs as on Lambda Managed Instances, by jitprep's own runtime client:
  {at_once} processes take requests from one Runtime API. They are killed as above.""",
    "clients leave": """\
- **clients leave**: before their answer, or in the middle of it. Other clients must not notice.""",
    "damaged images": """\
- **damaged images**: real photographs in {formats} variants of six formats, with bits flipped,
  truncated, spliced with others, lengths overwritten, pieces repeated or left out. The expected bytes or
  error of each come from the library in another process.""",
    "absurd events": """\
- **absurd events**: from Hypothesis, nearly valid events and any JSON, through Lambda's Invoke.
  Errors in brackets had no client to answer: the event had an unknown shape, or its token was not
  valid.""",
    "tokens stolen": """\
- **tokens stolen**: every token is used again after the function used it, and as many are invented.""",
    "hostile files": """\
- **hostile files**: those of SECURITY.md, each through its pipelines, by workers that have
  {timeout:.0f} s for a read and `JITPREP_MEMORY={memory}MiB`, while other clients read photographs.
  Each file must be refused with a reason, which may be `DeadlineExceeded`, or return what the
  library returns. No worker may use more memory than the limit, the process itself and 64 MB.""",
}

_LAWS = """\
The program fails if an answer is wrong, if a request takes more than {patience:.0f} s, if a worker ends
that was not killed, if a worker's memory grows in every quarter of a phase by more than {growth} MB in
total, if a client gets `LambdaResponseNotReceived`, `InternalError` or an error that the phase does not
explain, or if the workers' log contains a secret."""

_SERVER_CONDITIONS = """\
{date}, commit {commit}: {machine[processor]}; {machine[cores]} cores, shared by
clients, server and S3; {machine[system]}; Python {python}. Made by `{command}` in
{minutes:.0f} minutes."""

_SERVER_INTRODUCTION = """\
{clients} clients read from `jitprep serve` with {workers} workers: photographs in S3 through five
pipelines, with signed requests, and a folder, without. They send GETs, HEADs, ranges, conditions,
listings and batches, and compare every answer with the library's, each row of a batch too. They wait a
moment and ask again where the server says that it has too much to do, as SDKs do."""

_SERVER_PHASES = """\
- **load**: all of these requests.
- **S3 fails**: as above, but nothing is forged.
- **S3 forges**: one bit of every other original is flipped, and its length is right. The server reads
  stores without comparing S3's checksums, so it notices only what the file itself shows. It must never
  answer with other bytes for a PNG, whose chunks have checksums. A JPEG has none: its answer may differ,
  and `(unnoticed)` counts how often it did. On the way from a store, TLS would show such a bit.
- **clients leave**: before their answer, or in the middle of it.
- **workers killed**: by SIGKILL, at any moment. A client whose connection ends sends its request again,
  and must then read the right bytes.
- **{beside} clients**, and **{beside} beside a crowd**: the same reads, alone and beside {idle:,} idle
  connections and {slow} slow ones: half of them send their request byte by byte, half take their
  answer little by little. All of them must be answered in the end, but for those that take less than
  the server has patience for, which it cuts off. The p50 and p99 are of the
  {beside} clients.
- **SIGTERM**: the server is stopped while all clients read. No answer that has begun may break off,
  and the exit status must be 0."""

_SERVER_LAWS = """\
For the server too, an answer must not be wrong. It must come within {patience} s, where the server's
timeout is {timeout} s. No worker may end that was not killed, or grow in every quarter of a phase by
more than {growth} MB in total. Once the clients have left, `/metrics` must count no request under way,
and a worker may have at most {descriptors} more files and sockets open than before. The log may have no
secret and no traceback."""


_OVERFLOW = """\
{date}, commit {commit}: {machine[processor]}; {machine[cores]} cores, shared by
loader, server and proxy; {machine[system]}; Python {python}. Made by `{command}` in
{minutes:.0f} minutes.

A loader with one worker reads an epoch of {samples:,} samples and overflows to `jitprep serve`, behind
a proxy that fails. Every sample is compared with the one that the reader makes alone, and so is their
order. A *request* is a sample; p50 and p99 are waits for a batch. *remote* counts the samples of the
overflow, and *redone* those that it failed to make or was late with."""

_OVERFLOW_PHASES = """\
- **well**: nothing fails.
- **late**: some answers arrive late and in small pieces.
- **fails**: some arrive late, some are cut off, some are 503, and some never come.
- **refuses**: every answer is 503.
- **forges**: one bit of some answers is flipped, and their length is right.
- **killed**: the server is killed in the middle of the epoch, and starts again.

No sample may be wrong, missing or out of order, and no batch may take more than {patience} s."""


def table(result: Mapping[str, Any]) -> str:
    """Return the table of phases, one line per phase."""
    header = (
        "", "requests", "right", "refused", "wrong", "hung", "p50 ms", "p99 ms",
        "peak MB", "growth MB", "killed", "lost",
    )  # fmt: skip
    return markdown(header, [_line(row) for row in result["phases"]])


def codes(result: Mapping[str, Any]) -> str:
    """Return the errors by code, one line per phase."""
    rows = [(row["name"], _counts(row["answers"]["codes"])) for row in result["phases"]]
    return markdown(("", "errors by code, including the expected ones"), rows)


def deeds(result: Mapping[str, Any]) -> str:
    """Return the requests and the faults, one line per phase."""
    rows = [
        (row["name"], _counts(row["answers"]["kinds"]), _counts(row["deeds"]))
        for row in result["phases"]
    ]
    return markdown(("", "requests", "done meanwhile"), rows)


def verdict(result: Mapping[str, Any]) -> str:
    """Return the broken laws with their first causes, or that every law holds."""
    if not result["broken"]:
        return "Every law holds."
    details = [detail for row in result["phases"] for detail in row["answers"]["details"]]
    return "\n".join(("Broken:", *(f"- {line}" for line in (*result["broken"], *details))))


def page(result: Mapping[str, Any]) -> str:
    """Return the whole page, docs/soak.md."""
    made = result["made"]
    server, overflow = result.get("server"), result.get("overflow")  # an early run has none
    return "\n\n".join(
        (
            "# Load and faults",
            _CONDITIONS.format(**made),
            _INTRODUCTION.format(**made),
            table(result),
            codes(result),
            deeds(result),
            verdict(result),
            f"## What is done\n\n{_done(result)}",
            f"## What must hold\n\n{_LAWS.format(**made)}",
            *([f"## The server\n\n{_of_server(server)}"] if server else ()),
            *([f"## The overflow of a loader\n\n{_of_overflow(overflow)}"] if overflow else ()),
        )
    )


def _of_server(result: Mapping[str, Any]) -> str:
    made = result["made"]
    words = (_SERVER_CONDITIONS, _SERVER_INTRODUCTION, _SERVER_PHASES, _SERVER_LAWS)
    conditions, introduction, played, kept = (text.format(**made) for text in words)
    tables = (table(result), codes(result), deeds(result), verdict(result))
    return "\n\n".join((conditions, introduction, *tables, played, kept))


def _of_overflow(result: Mapping[str, Any]) -> str:
    words, played = (text.format(**result["made"]) for text in (_OVERFLOW, _OVERFLOW_PHASES))
    return "\n\n".join((words, table(result), deeds(result), verdict(result), played))


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
    return ", ".join(f"{name}: {count:,}" for name, count in counts.items()) or "none"
