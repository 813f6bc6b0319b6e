"""The laws that every phase must keep; the program fails if one is broken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from soak.rows import Processes, Row

# More than an allocator varies by. A leak of a few kilobytes per request exceeds it within one phase.
MOST_GROWTH = 16 * 2**20
# Connections to the source that a worker keeps, and files of its threads. A leak has one per request.
MOST_DESCRIPTORS = 32
# Codes that a client never sees if the function answers on every path and has no defect.
NEVER = ("LambdaResponseNotReceived", "LambdaInvalidResponse", "InternalError")


def broken(rows: Iterable[Row]) -> list[str]:
    """Return a sentence for each law that a phase has broken."""
    return [f"{row.name}: {what}" for row in rows for what in _broken(row)]


def _broken(row: Row) -> Iterator[str]:
    answers = row.answers
    if not answers.requests:
        yield "no request was sent"
    if answers.wrong:
        yield f"{answers.wrong} wrong answers"
    if answers.hung:
        yield f"{answers.hung} requests hung"
    if answers.unexpected:
        yield f"{answers.unexpected} errors that this phase does not explain"
    if answers.right < row.least_right * answers.requests:
        yield f"{answers.right} of {answers.requests} right; at least {row.least_right:.0%} must be"
    for code in NEVER:
        if code in answers.codes:
            yield f"answers with {code}: {answers.codes[code]}"
    yield from _of_processes(row.processes)
    if row.under_way:
        yield f"{row.under_way} requests are still under way"
    for line in row.tracebacks:
        yield f"the log has a traceback: {line}"
    for line in row.secrets:
        yield f"a log line contains a secret: {line}"
    for deed, count in row.deeds.items():
        if not count:
            yield f"{deed} happened 0 times, so the phase tested nothing"


def _of_processes(processes: Processes) -> Iterator[str]:
    if processes.lost:
        yield f"{processes.lost} workers were lost"
    if processes.growth is not None and processes.growth > MOST_GROWTH:
        yield f"a worker's memory grew by {processes.growth / 2**20:.0f} MB"
    if processes.descriptors is not None and processes.descriptors > MOST_DESCRIPTORS:
        yield f"a worker has {processes.descriptors} more files and sockets open"
    if processes.most is not None and processes.peak > processes.most:
        yield f"a worker used {processes.peak >> 20} MB; the limit is {processes.most >> 20} MB"
