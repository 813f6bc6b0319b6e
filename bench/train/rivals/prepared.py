"""Datasets that are converted once, and kept in `build/bench`."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from bench import photos


def prepared(name: str, convert: Callable[[Path], None]) -> Path:
    """Return the folder of a converted dataset; make it where it is not there yet.

    Parameters
    ----------
    name : str
        Of the folder. It changes with what is in it.
    convert : callable
        Called with a folder to write to.
    """
    folder = photos.CACHE / "train-converted" / name
    if not folder.exists():
        unfinished = folder.with_suffix(".part")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        convert(unfinished)
        unfinished.rename(folder)
    return folder
