"""Loading of steps that are not in the library: `JITPREP_STEPS`, and entry points ``jitprep.steps``."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

from preprocessing.errors import SpecError
from preprocessing.names import as_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from preprocessing.own_steps.step import Step

ENTRY_POINTS = "jitprep.steps"
VARIABLE = "JITPREP_STEPS"
_lock = RLock()
_state = {"loading": False, "loaded": False}


def own_steps() -> Mapping[str, type[Step]]:
    """Return the steps that are defined, by name; the first call loads those that the environment names.

    Raises
    ------
    SpecError
        If a module cannot be imported, or its steps are wrong.
    """
    with _lock:
        if not (_state["loaded"] or _state["loading"]):
            words = os.environ.get(VARIABLE, "").split(",")
            load_steps([word for part in words if (word := part.strip())], VARIABLE)
    # Another thread may be importing the module, which then has no steps yet.
    return getattr(sys.modules.get("preprocessing.own_steps.definition"), "REGISTERED", {})


def load_steps(modules: Iterable[str], setting: str = VARIABLE) -> None:
    """Import the modules that a setting names, and what installed packages declare.

    Where there is neither, this takes about a millisecond, to look at the packages.

    Parameters
    ----------
    modules : iterable of str
    setting : str
        Name of the setting, for messages.

    Raises
    ------
    SpecError
        If a module cannot be imported or defines no step. The message is one line.
    """
    with _lock:
        _state["loading"] = True  # a module may parse pipelines while it is imported
        try:
            for name in modules:
                _load_module(name, setting)
            if not _state["loaded"] and steps_are_declared():
                _load_entry_points()
            _state["loaded"] = True
        finally:
            _state["loading"] = False


def _load_module(name: str, setting: str) -> None:
    advice = "install it, or name its folder in PYTHONPATH"
    try:
        module = import_module(name)
    except Exception as error:
        raise _failure(f"{setting}: the module {name!r}", error, advice) from error
    _require_steps(module, f"{setting}: the module {name!r}")


def _load_entry_points() -> None:
    from importlib.metadata import entry_points  # noqa: PLC0415  takes 30 ms

    for point in sorted(
        entry_points(group=ENTRY_POINTS), key=lambda point: (point.name, point.value)
    ):
        origin = f" of {point.dist.name}" if point.dist else ""
        what = f"the entry point {point.name} = {point.value!r}{origin} in {ENTRY_POINTS}"
        try:
            loaded = point.load()
        except Exception as error:
            raise _failure(what, error, "reinstall or remove that package") from error
        _require_steps(loaded, what)


def steps_are_declared() -> bool:
    """Return whether an installed package declares steps.

    `importlib.metadata` would take ten times as long to say so: it parses all files.
    """
    return any(
        ENTRY_POINTS.encode() in text for folder in sys.path for text in _declarations(folder)
    )


def _declarations(folder: str) -> Iterable[bytes]:
    try:
        with os.scandir(folder or ".") as entries:
            names = [
                entry.path for entry in entries if entry.name.endswith((".dist-info", ".egg-info"))
            ]
    except OSError:  # a folder that is not there, or an archive
        return
    for name in names:
        try:
            yield Path(name, "entry_points.txt").read_bytes()
        except OSError:
            continue


def _require_steps(found: Any, what: str) -> None:
    """Raise SpecError unless an object is a step, or a module that defines or imports steps."""
    from preprocessing.own_steps.definition import REGISTERED  # noqa: PLC0415  few have steps

    steps = set(REGISTERED.values())
    if isinstance(found, type):
        there = found in steps
    else:
        place = f"{getattr(found, '__name__', '')}."
        there = any(f"{step.__module__}.".startswith(place) for step in steps)
        there = there or any(
            value in steps for value in vars(found).values() if isinstance(value, type)
        )
    if not there:
        raise SpecError(
            f"{what} defines no step; write a class that derives from preprocessing.Step and has `apply`"
        )


def _failure(what: str, error: Exception, advice: str) -> SpecError:
    """Return an error in one line, with the place in the module that failed."""
    if isinstance(error, SpecError):
        return SpecError(f"{what}: {error}")
    import traceback  # noqa: PLC0415  only errors need it

    text = as_text(" ".join(str(error).split()))
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<frozen") and frame.filename != __file__
    ]
    own = [frame for frame in frames if "importlib" not in frame.filename]
    where = f", at {own[-1].filename}:{own[-1].lineno}" if own else ""
    remedy = f"; {advice}" if isinstance(error, ModuleNotFoundError) else ""
    return SpecError(f"{what} cannot be imported: {type(error).__name__}: {text}{where}{remedy}")
