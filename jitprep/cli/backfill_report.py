"""What came of a backfill, told as it comes and at the end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import typer

from jitprep.backfill.outcome import Failure, TaskOutcome
from jitprep.cli.console import err, out, report_failure

# The terminal shows so many failures; the file has all.
_SHOWN = 20


class ProgressReport:
    """Counts outcomes, and keeps failures.

    Parameters
    ----------
    file : file, optional
        Gets a line of JSON for each failure, at once.
    """

    def __init__(self, file: IO[str] | None) -> None:
        self._file = file
        self._done = self._already = self._failed = self._told = 0
        self._skipped = 0
        self._shown: list[Failure] = []
        self._notes: list[str] = []

    def add(self, outcome: TaskOutcome) -> None:
        """Count an outcome."""
        self._done += outcome.done
        self._already += outcome.already
        self._failed += outcome.failed
        for failure in outcome.failures:
            self._keep(failure)

    def skip(self, objects: int) -> None:
        """Count objects that are hidden, and so not originals."""
        self._skipped += objects

    def note(self, what: str) -> None:
        """Keep what went wrong as a whole."""
        self._notes.append(what)

    def tell(self) -> None:
        """Print it all, and end with status 1 where something failed."""
        self.show()
        if self._failed or self._notes:
            raise typer.Exit(1)

    def show(self) -> None:
        """Print it all."""
        for failure in self._shown:
            report_failure(failure.key, failure.reason)
        more = self._told - len(self._shown)
        if more:
            where = (
                f"in {self._file.name}" if self._file else "give --errors to have them in a file"
            )
            err.print(f"and {more:,} more, {where}", soft_wrap=True)
        for note in self._notes:
            err.print(note, soft_wrap=True, markup=False)
        counts = [
            f"{self._done:,} done",
            f"{self._already:,} already there",
            f"{self._failed:,} failed",
        ]
        if self._skipped:
            counts.append(f"{self._skipped:,} skipped, which are hidden")
        out.print(", ".join(counts), soft_wrap=True)

    def _keep(self, failure: Failure) -> None:
        self._told += 1
        if len(self._shown) < _SHOWN:
            self._shown.append(failure)
        if self._file is not None:
            line = {"key": failure.key, "reason": failure.reason, "objects": failure.objects}
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._file.flush()


@contextmanager
def reporting(errors: Path | None) -> Iterator[ProgressReport]:
    """Give a report, which writes failures to a file where one is named."""
    if errors is None:
        yield ProgressReport(None)
        return
    with errors.open("w", encoding="utf-8") as file:
        yield ProgressReport(file)
