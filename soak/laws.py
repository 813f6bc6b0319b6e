"""What must hold, whatever was done: the program fails where any of it does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from soak.rows import Processes, Row

# Above an allocator's ups and downs. What leaks a few kilobytes a request breaks it within a phase.
MOST_GROWTH = 16 * 2**20
# What no client ever sees of a function that answers on every path and has no defect.
NEVER = ("LambdaResponseNotReceived", "LambdaInvalidResponse", "InternalError")


def broken(rows: Iterable[Row]) -> list[str]:
    """Return a sentence for each law that a phase has broken."""
    return [f"{row.name}: {what}" for row in rows for what in _broken(row)]


def _broken(row: Row) -> Iterator[str]:
    answers = row.answers
    if not answers.requests:
        yield "nothing was asked"
    if answers.wrong:
        yield f"{answers.wrong} wrong answers"
    if answers.hung:
        yield f"{answers.hung} requests hung"
    if answers.unexpected:
        yield f"{answers.unexpected} errors that nothing in this phase explains"
    if answers.right < row.least_right * answers.requests:
        yield f"{answers.right} of {answers.requests} right; {row.least_right:.0%} must be"
    for code in NEVER:
        if code in answers.codes:
            yield f"{answers.codes[code]} times {code}"
    yield from _of_processes(row.processes)
    for line in row.secrets:
        yield f"a line of the log holds a secret: {line}"
    for deed, count in row.deeds.items():
        if not count:
            yield f"nothing was tried: {deed}, 0 times"


def _of_processes(processes: Processes) -> Iterator[str]:
    if processes.lost:
        yield f"{processes.lost} workers were lost"
    if processes.growth is not None and processes.growth > MOST_GROWTH:
        yield f"a worker's memory grew by {processes.growth / 2**20:.0f} MB"
    if processes.most is not None and processes.peak > processes.most:
        yield f"a worker had {processes.peak >> 20} MB, and may have {processes.most >> 20}"
