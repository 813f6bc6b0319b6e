"""Progress of an epoch: one line on standard error, drawn by rich or by tqdm.

The line is drawn in the consumer's thread, between two batches. A thread of the library's own would
take the interpreter's lock from the training, and be there when the next loader forks.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib import import_module
from importlib.util import find_spec
from time import monotonic
from typing import Any, Protocol, TypeVar

from jitprep.reader.loading.stats import LoaderStats

_T = TypeVar("_T")

# The first of them that is installed is used.
_LIBRARIES = ("rich", "tqdm")
# How often a terminal is drawn to. A file gets the line once, at the end.
_DRAWN_S = 0.1
_BAR = 12


class _Line(Protocol):
    def draw(self, done: int, text: str) -> None:
        """Draw the line anew."""

    def close(self) -> None:
        """Leave the line as it was drawn last."""


class ShowsProgress(Protocol):
    """What puts a line of progress around the batches of an epoch, or does nothing."""

    def __call__(
        self,
        batches: Iterator[_T],
        title: str,
        done: int,
        total: int,
        stats: Callable[[], LoaderStats],
    ) -> Iterator[_T]:
        """Return the batches."""


def progress_of(asked: bool, rank: int) -> ShowsProgress:
    """Return what shows the progress of a rank, if it was asked for.

    Raises
    ------
    ValueError
        Where no library draws it.
    """
    if asked and not any(map(find_spec, _LIBRARIES)):
        raise ValueError(
            "progress=True needs rich or tqdm, and neither is installed: pip install rich"
        )
    return with_progress if asked and rank == 0 else _without_progress


def with_progress(
    batches: Iterator[_T], title: str, done: int, total: int, stats: Callable[[], LoaderStats]
) -> Iterator[_T]:
    """Yield the batches of an epoch, and show how far it is.

    Parameters
    ----------
    batches : iterator
    title : str
    done, total : int
        Batches of the epoch before these, and in all.
    stats : callable
        Returns the counts of the batches that were yielded.
    """
    line: _Line = _RichLine(title, total) if find_spec("rich") else _TqdmLine(title, total)
    drawn, on_terminal, so_far = -_DRAWN_S, sys.stderr.isatty(), stats()
    with closing(line):
        try:
            for batch in batches:
                so_far = stats()
                if on_terminal and monotonic() - drawn >= _DRAWN_S:
                    drawn = monotonic()
                    line.draw(done + so_far.batches, _described(so_far))
                yield batch
        finally:
            line.draw(done + so_far.batches, _described(so_far))


def _without_progress(batches: Iterator[_T], *_: object, **__: object) -> Iterator[_T]:
    return batches


def _described(stats: LoaderStats) -> str:
    share = 100 * stats.waited_share
    return f"{stats.images_per_s:,.0f} images/s, waited {stats.waited_s:.1f} s ({share:.0f}%)"


class _RichLine:
    def __init__(self, title: str, total: int) -> None:
        console, progress = import_module("rich.console"), import_module("rich.progress")
        self._progress: Any = progress.Progress(
            progress.TextColumn("{task.description}", markup=False),
            progress.BarColumn(_BAR),
            progress.TextColumn("{task.completed:,}/{task.total:,} batches"),
            progress.TextColumn("{task.fields[text]}"),
            console=console.Console(stderr=True, highlight=False),
            auto_refresh=False,  # there would be a thread
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._progress.start()
        self._task = self._progress.add_task(title, total=total, text="")

    def draw(self, done: int, text: str) -> None:
        self._progress.update(self._task, completed=done, text=text)
        self._progress.refresh()

    def close(self) -> None:
        self._progress.stop()


class _TqdmLine:
    def __init__(self, title: str, total: int) -> None:
        tqdm: Any = import_module("tqdm").tqdm
        # An interval of 0 is without a thread that monitors, and a delay without an empty line at first.
        bar = type("_Bar", (tqdm,), {"monitor_interval": 0})
        shape = f"{{desc}} {{bar:{_BAR}}} {{n:,}}/{{total:,}} batches{{postfix}}"
        self._bar: Any = bar(desc=title, total=total, bar_format=shape, delay=float("inf"))

    def draw(self, done: int, text: str) -> None:
        self._bar.n = done
        self._bar.set_postfix_str(text, refresh=False)
        self._bar.refresh()

    def close(self) -> None:
        self._bar.delay = 0
        self._bar.close()
