"""Plan of a run: the files to read, and a distinct path for each result."""

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
    """A file to read, its key, and the path of its result.

    The key is that of the same file in a bucket that holds the folder. Random transforms draw from it,
    so that they do the same as in a read of that object.

    Parameters
    ----------
    source : Path
    key : str
    target : Path
    passes : bool
        Whether the file is of a kind that the pipeline does not take, and is copied unchanged.
    """

    source: Path
    key: str
    target: Path
    passes: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """Files of a run, by what happens to them.

    Parameters
    ----------
    jobs : list of FileTask
    failures : list of (Path, str)
        Inputs that cannot be read, and why.
    skipped : list of Path
        Hidden files, links to a folder above them, and the output folder.
    """

    jobs: list[FileTask] = field(default_factory=list)
    failures: list[tuple[Path, str]] = field(default_factory=list)
    skipped: list[Path] = field(default_factory=list)


class CannotRun(Exception):
    """Inputs and an output that cannot be combined."""


def plan_run(inputs: Sequence[Path], output: Path, pipeline: Pipeline) -> Planned:
    """List the inputs, and choose the path of each result.

    Raises
    ------
    CannotRun
        Where an input does not exist, two results would have the same path, or a result would replace
        an input.
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
        raise CannotRun(f"{output} is a file, and several inputs need a folder as output")
    else:
        for path in inputs:
            if path.is_file():
                _add(planned, pipeline, path, path.name, output / path.name)
            else:
                _add_folder(planned, pipeline, path, output)
    if not (planned.jobs or planned.failures):
        hidden = f", only {len(planned.skipped)} hidden ones" if planned.skipped else ""
        raise CannotRun(f"the inputs contain no files{hidden}")
    _require_no_collisions(planned.jobs)
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
    """Return the key prefix of results where the output is within an input; otherwise nothing."""
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
    """Plan one file; with `keeps`, the target keeps the name that the user gave it."""
    if why := _unusable(source, key):
        planned.failures.append((source, why))
    elif passes := pipeline.skip and _passes(source, pipeline):
        planned.jobs.append(FileTask(source, key, target, passes))
    else:
        suffix = f".{pipeline.encoding.suffix}"
        named = target if keeps else target.with_name(f"{target.stem}{suffix}")
        planned.jobs.append(FileTask(source, key, named))


def _unusable(source: Path, key: str) -> str:
    """Return why a path cannot be read as a file; an empty string where it may be."""
    if not is_utf8(key):
        return "the name is not UTF-8; rename the file"
    try:
        mode = source.stat().st_mode
    except FileNotFoundError:
        return "the link points to nothing"
    except OSError as error:
        return error.strerror or type(error).__name__
    return "" if S_ISREG(mode) else "not a regular file, but a pipe, a socket or a device"


def _passes(source: Path, pipeline: Pipeline) -> bool:
    """Whether a pipeline that skips other kinds copies this file unchanged."""
    try:
        return isinstance(classify(source, pipeline.kind, Limits()), Passed)
    except (PreprocessingError, OSError):
        return False  # running the pipeline reports why


def _require_no_collisions(jobs: Sequence[FileTask]) -> None:
    """Raise CannotRun where a result would replace another result, its folder, or an input."""
    taken: dict[Path, Path] = {}
    sources = {job.source.resolve() for job in jobs}
    for job in jobs:
        target = job.target.resolve()
        if target in taken:
            raise CannotRun(
                f"{taken[target]} and {job.source} would both be written to {job.target}"
            )
        if target in sources:
            raise CannotRun(f"{job.target} is an input; choose another output")
        taken[target] = job.source
    for target, source in taken.items():
        for above in target.parents:
            if above in taken:
                raise CannotRun(
                    f"{taken[above]} would be written to {above}, which {source} needs as a folder"
                )
