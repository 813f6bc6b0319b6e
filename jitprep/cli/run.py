"""`jitprep run`: run a pipeline over local files and folders, on all cores."""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from jitprep.cli.console import (
    PIPELINE,
    err,
    fail,
    os_reason,
    out,
    parse_path,
    pipeline_argument,
    progress,
    report_failure,
)
from jitprep.cli.local.files import CannotRun, FileTask, Planned, plan_run
from jitprep.cli.local.interrupt import Interruption, catch_interrupts
from jitprep.cli.local.writing import FileWriter
from preprocessing import Pipeline, PreprocessingError, Seed
from preprocessing.cancellation import Signal, cancellable

# How long files that are in progress may take to finish after Ctrl-C.
_GRACE_S = 0.5


def run(
    spec: Annotated[str, typer.Argument(metavar="PIPELINE", help=PIPELINE)],
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="IN... OUT",
            parser=parse_path,
            help="The files and folders to read, then the output. OUT is a file where the input is one "
            "file; otherwise it is a folder, and keeps the folder structure of the inputs.",
        ),
    ],
    jobs: Annotated[int, typer.Option(min=1, help="Files to process at once.")] = os.cpu_count()
    or 1,
    seed: Annotated[int, typer.Option(min=0, help="Seed of random transforms.")] = 0,
) -> None:
    """Run a pipeline over local files and folders.

    A file that fails is reported at the end, and does not stop the others. Hidden files, and files that
    desktops leave in folders, are skipped. Links are followed.
    """
    pipeline = pipeline_argument(spec)
    if len(paths) < 2:
        fail("give at least one input, then the output", 2)
    with catch_interrupts() as interruption:
        try:
            with err.status("listing files"):
                planned = plan_run(paths[:-1], paths[-1], pipeline)
        except (CannotRun, OSError) as error:
            fail(str(error))
        except KeyboardInterrupt:
            err.print("interrupted; nothing was written")
            interruption.leave()
        FileRun(pipeline, planned, jobs, seed).to_its_end(interruption)


class FileRun:
    """Run of a pipeline over planned files, in threads.

    Parameters
    ----------
    pipeline : Pipeline
    planned : Planned
    threads : int
        Number of threads. Processes are not needed: decoding and kernels release the GIL.
    seed : int
    """

    def __init__(self, pipeline: Pipeline, planned: Planned, threads: int, seed: int) -> None:
        self._pipeline = pipeline
        self._planned = planned
        self._seed = seed
        self._pool = ThreadPoolExecutor(threads)
        self._signal = Signal()
        self._writer = FileWriter()
        self._futures: dict[Future[None], FileTask] = {}

    def to_its_end(self, interruption: Interruption) -> None:
        """Process every file, and exit with status 1 where one failed."""
        try:
            with progress() as bars:
                bar = bars.add_task(str(self._pipeline), total=len(self._planned.jobs))
                for job in self._planned.jobs:
                    self._futures[self._pool.submit(self._one, job)] = job
                for _ in as_completed(self._futures):
                    bars.advance(bar)
        except KeyboardInterrupt:
            self._give_up(interruption)
        self._pool.shutdown()
        if self._report():
            raise typer.Exit(1)

    def _one(self, job: FileTask) -> None:
        seed = Seed(self._seed, job.key)
        with cancellable(self._signal):
            made = self._pipeline.encode(job.source, seed=seed)
        # A source that was passed through has no shape.
        if ("shape" not in made.metadata) != job.passes:
            raise OSError("the file changed while it was read; run the command again")
        try:
            self._writer.write(job.target, made.body)
        except OSError as error:
            raise OSError(f"{job.target} cannot be written: {error.strerror or error}") from error

    def _give_up(self, interruption: Interruption) -> NoReturn:
        """Stop soon: whole results stay, and partial ones are removed."""
        self._signal.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)
        running = [future for future in self._futures if not future.cancelled()]
        wait(running, _GRACE_S)
        self._writer.close()
        self._report()
        err.print("interrupted")
        interruption.leave()

    def _report(self) -> int:
        """Print the failures and the counts; return the number of failures."""
        failures = list(self._planned.failures)
        done = left = 0
        for future, job in self._futures.items():
            ended = future.done() and not future.cancelled()
            if job.target in self._writer.written:
                done += 1
            elif ended and isinstance(error := future.exception(), Exception):
                failures.append((job.source, _reason(error, job.source)))
            else:  # stopped by Ctrl-C
                left += 1
        left += len(self._planned.jobs) - len(self._futures)
        for source, reason in sorted(failures):
            report_failure(str(source), reason)
        counts = {"done": done, "failed": len(failures)}
        counts |= {"skipped": len(self._planned.skipped)} if self._planned.skipped else {}
        counts |= {"not done": left} if left else {}
        out.print(", ".join(f"{count} {what}" for what, count in counts.items()), soft_wrap=True)
        return len(failures)


def _reason(error: Exception, source: Path) -> str:
    if isinstance(error, PreprocessingError):
        return str(error)
    if isinstance(error, OSError):
        return os_reason(error, source)
    if isinstance(error, MemoryError):
        return "out of memory; use a smaller --jobs"
    # A defect of ours must not stop the others.
    return f"unexpected error, please report it: {type(error).__name__}: {error}"
