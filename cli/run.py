"""`jitprep run`: a pipeline over local files and folders, on all cores."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from cli.console import fail, failed, out, parse, progress
from preprocessing import Pipeline, PreprocessingError, Seed


@dataclass(frozen=True, slots=True)
class Job:
    """One file to be read, its key, and where its result goes.

    The key is what the file would be called in a bucket that holds the folder: random transforms draw
    from it, so that they do here what they do at a read of that object.
    """

    source: Path
    key: str
    target: Path


def run(
    spec: Annotated[str, typer.Argument(help="A pipeline, such as grayscale/resize:224,224/png.")],
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="IN... OUT",
            help="Files and folders, and last where the results go: a file for one file, else a "
            "folder, in which the inputs' own folders are kept.",
        ),
    ],
    jobs: Annotated[int, typer.Option(min=1, help="How many files at once.")] = os.cpu_count() or 1,
    seed: Annotated[int, typer.Option(min=0, help="What random transforms draw from.")] = 0,
) -> None:
    """Run a pipeline over files; whatever fails is told at the end, and the rest is done."""
    pipeline = parse(spec)
    if len(paths) < 2:
        fail("give at least one input and, last, the output")
    suffix = f".{pipeline.encoding.suffix}"
    planned = list(_plan(paths[:-1], paths[-1], suffix))
    _refuse_collisions(planned)
    failures = _run_all(pipeline, planned, jobs, seed)
    for source, reason in failures:
        failed(str(source), reason)
    out.print(f"{len(planned) - len(failures)} done, {len(failures)} failed", soft_wrap=True)
    if failures:
        raise typer.Exit(1)


def _plan(inputs: Sequence[Path], output: Path, suffix: str) -> Iterator[Job]:
    for path in inputs:
        if not path.exists():
            fail(f"{path} does not exist")
    if len(inputs) == 1 and inputs[0].is_file() and not output.is_dir():
        yield Job(inputs[0], inputs[0].name, output)
        return
    if output.is_file():
        fail(f"{output} is a file; the results of several inputs need a folder")
    for path in inputs:
        if path.is_file():
            yield Job(path, path.name, output / f"{path.stem}{suffix}")
            continue
        for file in sorted(p for p in path.rglob("*") if p.is_file()):
            inside = file.relative_to(path)
            yield Job(file, inside.as_posix(), (output / inside).with_suffix(suffix))


def _refuse_collisions(planned: Sequence[Job]) -> None:
    """Two inputs must not write one file, and no input may be written over."""
    if not planned:
        fail("the inputs hold no files")
    taken: dict[Path, Path] = {}
    sources = {job.source.resolve() for job in planned}
    for job in planned:
        target = job.target.resolve()
        if target in taken:
            fail(f"{taken[target]} and {job.source} would both become {job.target}")
        if target in sources:
            fail(f"{job.target} is an input; choose another output")
        taken[target] = job.source


def _run_all(
    pipeline: Pipeline, planned: Sequence[Job], jobs: int, seed: int
) -> list[tuple[Path, str]]:
    """Run every job. Threads do: decoding and the kernels leave Python's lock alone."""
    failures = []
    with progress() as bars, ThreadPoolExecutor(jobs) as pool:
        bar = bars.add_task(str(pipeline), total=len(planned))
        futures = {pool.submit(_run_one, pipeline, job, seed): job for job in planned}
        for future in as_completed(futures):
            bars.advance(bar)
            try:
                future.result()
            except (PreprocessingError, OSError) as error:
                failures.append((futures[future].source, str(error)))
    return sorted(failures)


def _run_one(pipeline: Pipeline, job: Job, seed: int) -> None:
    body = pipeline.encode(job.source, seed=Seed(seed, job.key)).body
    job.target.parent.mkdir(parents=True, exist_ok=True)
    # Written aside and renamed, so that nobody ever reads half a result.
    aside = job.target.with_name(f".{job.target.name}.part")
    aside.write_bytes(body)
    aside.replace(job.target)
