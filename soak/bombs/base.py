"""The list of hostile files, and how one is put there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Build = Callable[[], bytes]


@dataclass(frozen=True)
class Bomb:
    """A file.

    Parameters
    ----------
    name : str
    specs : tuple of str
        The pipelines that it is read through.
    build : callable
        Returns its bytes.
    coding : str
        The Content-Encoding that it is stored under; none by default.
    """

    name: str
    specs: tuple[str, ...]
    build: Build
    coding: str = ""


BOMBS: list[Bomb] = []


def bomb(name: str, *specs: str, coding: str = "") -> Callable[[Build], Build]:
    """Put what a function builds among the files."""

    def put(build: Build) -> Build:
        BOMBS.append(Bomb(name, specs, build, coding))
        return build

    return put
