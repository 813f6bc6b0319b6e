"""The list of hostile files, and the decorator that adds one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Build = Callable[[], bytes]


@dataclass(frozen=True)
class Bomb:
    """A hostile file.

    Parameters
    ----------
    name : str
    specs : tuple of str
        The pipelines that it is read through.
    build : callable
        Returns the bytes of the file.
    coding : str
        The Content-Encoding that it is stored with; empty for none.
    """

    name: str
    specs: tuple[str, ...]
    build: Build
    coding: str = ""


BOMBS: list[Bomb] = []


def bomb(name: str, *specs: str, coding: str = "") -> Callable[[Build], Build]:
    """Add the file that a function builds to the list."""

    def put(build: Build) -> Build:
        BOMBS.append(Bomb(name, specs, build, coding))
        return build

    return put
