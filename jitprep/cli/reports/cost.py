"""Report of an estimate: the answer, what each way costs, what that is paid for, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.table import Table

from jitprep.cli.console import out
from jitprep.costs.answers import report
from jitprep.costs.answers.notes import notes
from jitprep.costs.answers.reasons import reasons
from jitprep.costs.answers.verdict import decide, two_sentences
from jitprep.costs.answers.wording import count_of
from jitprep.costs.estimate import Estimate


def print_estimate(estimate: Estimate) -> None:
    """Print an estimate: the answer in two sentences first."""
    decision = decide(estimate)
    best, changes = two_sentences(estimate, decision)
    out.print(best, style="bold", soft_wrap=True, markup=False)
    out.print(changes, soft_wrap=True, markup=False)
    out.print(f"\n{report.title(estimate)}", soft_wrap=True, markup=False)
    out.print(_table(report.header(estimate), report.rows(estimate)))
    paid = f"What it is paid for, over {count_of(estimate.plan.epochs, 'epoch')}"
    out.print(f"\n{paid}", style="bold")
    out.print(_table(report.paid_header(estimate), report.paid_rows(estimate)))
    _print_list("Why", reasons(estimate, decision))
    _print_list("Assumptions", notes(estimate))


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD,  # these four: a terminal of 80 columns shows every column
        show_edge=False,
        pad_edge=False,
        padding=0,
    )
    for i, heading in enumerate(header):
        table.add_column(heading.replace(" ", "\n"), justify="right" if i else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table


def _print_list(heading: str, lines: Iterable[str]) -> None:
    out.print(f"\n{heading}", style="bold")
    for line in lines:
        out.print(f"- {line}", soft_wrap=True, markup=False)
