"""Which files a run reads and writes: every result has a name that no other file of the run has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISREG

from jitprep.reader.doors.folder import list_folder
from preprocessing import Limits, Pipeline, PreprocessingError
from preprocessing.names import is_utf8
from preprocessing.sources import Passed, classify


@dataclass(frozen=True, slots=True)
class FileTask:
    """One file to be read, its key, and where its result goes.

    The key is what the file would be called in a bucket that holds the folder: random transforms draw
    from it, so that they do here what they do at a read of that object.

    Parameters
    ----------
    source : Path
    key : str
    target : Path
    passes : bool
        Whether it is of another kind than the pipeline's, and goes there as it is.
    """

    source: Path
    key: str
    target: Path
    passes: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """What a run will do, and will not.

    Parameters
    ----------
    jobs : list of FileTask
    failures : list of (Path, str)
        What cannot be read, and why.
    skipped : list of Path
        What is no input: hidden files, links that lead back, the folder of the results.
    """

    jobs: list[FileTask] = field(default_factory=list)
    failures: list[tuple[Path, str]] = field(default_factory=list)
    skipped: list[Path] = field(default_factory=list)


class CannotRun(Exception):
    """Inputs and an output that do not go together."""


def plan(inputs: Sequence[Path], output: Path, pipeline: Pipeline) -> Planned:
    """Look at the inputs, and name the results.

    Raises
    ------
    CannotRun
        Also where two results would get one name, or one would be written over an input.
    """
    planned = Planned()
    for path in inputs:
        if not path.exists():
            raise CannotRun(f"{path} does not exist")
        if not (path.is_file() or path.is_dir()):
            raise CannotRun(f"{path} is neither a file nor a folder")
    if len(inputs) == 1 and inputs[0].is_file() and not output.is_dir():
        _add(planned, pipeline, inputs[0], inputs[0].name, output, keeps=True)
    elif output.is_file():
        raise CannotRun(f"{output} is a file; the results of several inputs need a folder")
    else:
        for path in inputs:
            if path.is_file():
                _add(planned, pipeline, path, path.name, output / path.name)
            else:
                _add_folder(planned, pipeline, path, output)
    if not (planned.jobs or planned.failures):
        hidden = f" but {len(planned.skipped)} that are hidden" if planned.skipped else ""
        raise CannotRun(f"the inputs hold no files{hidden}")
    _refuse_collisions(planned.jobs)
    return planned


def _add_folder(planned: Planned, pipeline: Pipeline, folder: Path, output: Path) -> None:
    found = list_folder(folder)
    planned.skipped.extend(folder / name for name in found.left_out)
    planned.failures.extend(
        (folder / name, f"the folder cannot be read: {why}")
        for name, why in found.unreadable.items()
    )
    results = _within(output, folder)
    if results and any(key.startswith(results) for key in found.keys):
        planned.skipped.append(output)
    for key in found.keys:
        if not (results and key.startswith(results)):
            _add(planned, pipeline, folder / key, key, output / key)


def _within(output: Path, folder: Path) -> str:
    """Return how the keys of earlier results begin, where the output lies in an input; else nothing."""
    inner, outer = output.resolve(), folder.resolve()
    if inner == outer or outer not in inner.parents:
        return ""
    return f"{inner.relative_to(outer).as_posix()}/"


def _add(
    planned: Planned,
    pipeline: Pipeline,
    source: Path,
    key: str,
    target: Path,
    *,
    keeps: bool = False,
) -> None:
    """Plan for a file; with `keeps`, the target has the name that the user gave it."""
    if why := _unusable(source, key):
        planned.failures.append((source, why))
    elif passes := pipeline.skip and _passes(source, pipeline):
        planned.jobs.append(FileTask(source, key, target, passes))
    else:
        suffix = f".{pipeline.encoding.suffix}"
        named = target if keeps else target.with_name(f"{target.stem}{suffix}")
        planned.jobs.append(FileTask(source, key, named))


def _unusable(source: Path, key: str) -> str:
    """Return why something is not a file that can be read; nothing where it may be."""
    if not is_utf8(key):
        return "its name is not UTF-8; rename it"
    try:
        mode = source.stat().st_mode
    except FileNotFoundError:
        return "it is a link that leads nowhere"
    except OSError as error:
        return error.strerror or type(error).__name__
    return "" if S_ISREG(mode) else "it is not a file: a pipe, a socket or a device"


def _passes(source: Path, pipeline: Pipeline) -> bool:
    """Whether a pipeline that skips other kinds gives this file back untouched, under its own name."""
    try:
        return isinstance(classify(source, pipeline.kind, Limits()), Passed)
    except (PreprocessingError, OSError):
        return False  # running it says why


def _refuse_collisions(jobs: Sequence[FileTask]) -> None:
    """Two inputs must not write one file, nor one a folder of another; and none an input."""
    taken: dict[Path, Path] = {}
    sources = {job.source.resolve() for job in jobs}
    for job in jobs:
        target = job.target.resolve()
        if target in taken:
            raise CannotRun(f"{taken[target]} and {job.source} would both become {job.target}")
        if target in sources:
            raise CannotRun(f"{job.target} is an input; choose another output")
        taken[target] = job.source
    for target, source in taken.items():
        for above in target.parents:
            if above in taken:
                raise CannotRun(
                    f"{taken[above]} would become the file {above}, which {source} needs as a folder"
                )
