"""Report of a backfill: failures as they occur, and counts at the end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import typer

from jitprep.backfill.listing import ListingCounts
from jitprep.backfill.outcome import Failure, TaskOutcome
from jitprep.cli.console import err, out, report_failure

# Failures that the terminal shows; the file has all of them.
_SHOWN = 20


class ProgressReport:
    """Counts of outcomes, and their failures.

    Parameters
    ----------
    file : file, optional
        Receives one line of JSON per failure, at once.
    counts : ListingCounts
        What the listing of the originals has found so far.
    """

    def __init__(self, file: IO[str] | None, counts: ListingCounts) -> None:
        self._file, self._counts = file, counts
        self._done = self._already = self._failed = self._failures = 0
        self._current: int | None = None
        self._shown: list[Failure] = []
        self._notes: list[str] = []

    def add(self, outcome: TaskOutcome) -> None:
        """Count an outcome."""
        self._done += outcome.done
        self._already += outcome.already
        self._failed += outcome.failed
        for failure in outcome.failures:
            self._keep(failure)

    def add_current(self, objects: int) -> None:
        """Count originals that have a current copy now, and may have had it before the run."""
        self._current = objects

    @property
    def originals(self) -> int | None:
        """Number of originals; None until all are listed."""
        return self._counts.originals

    def note(self, what: str) -> None:
        """Add a failure of the run as a whole."""
        self._notes.append(what)

    def finish(self) -> None:
        """Print the report, and exit with status 1 where something failed."""
        self.show()
        if self._failed or self._notes:
            raise typer.Exit(1)

    def show_if_any(self) -> None:
        """Print the report of a run that fails, if there is anything to report."""
        if self._done or self._already or self._failed:
            self.show()

    def show(self) -> None:
        """Print the report."""
        for failure in self._shown:
            report_failure(failure.key, failure.reason)
        more = self._failures - len(self._shown)
        if more:
            where = (
                f"in {self._file.name}" if self._file else "use --errors to write them to a file"
            )
            err.print(f"and {more:,} more, {where}", soft_wrap=True)
        for note in self._notes:
            err.print(note, soft_wrap=True, markup=False)
        copied = (
            [f"{self._done:,} done", f"{self._already:,} already there"]
            if self._current is None
            else [f"{self._current:,} done or already there"]
        )
        counts = [*copied, f"{self._failed:,} failed"]
        if self._counts.hidden:
            counts.append(f"{self._counts.hidden:,} hidden ones skipped")
        out.print(", ".join(counts), soft_wrap=True)

    def _keep(self, failure: Failure) -> None:
        self._failures += 1
        if len(self._shown) < _SHOWN:
            self._shown.append(failure)
        if self._file is not None:
            line = {"key": failure.key, "reason": failure.reason, "objects": failure.objects}
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._file.flush()


@contextmanager
def reporting(errors: Path | None, counts: ListingCounts) -> Iterator[ProgressReport]:
    """Yield a report, which writes failures to the file if there is one."""
    if errors is None:
        yield ProgressReport(None, counts)
        return
    with errors.open("w", encoding="utf-8") as file:
        yield ProgressReport(file, counts)
