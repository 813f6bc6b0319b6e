"""What is measured: originals of some size behind a store of some delay, workers, and readers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import photos

WORKERS = (1, 2, 4)
_OBJECTS = 8


@dataclass(frozen=True)
class Scene:
    """Originals, and the store that they are in.

    Parameters
    ----------
    name : str
    delay_s : float
        Seconds between a GET and its answer.
    size : tuple of int, optional
        Height and width of the photographs; None for those of 500×375.
    """

    name: str
    delay_s: float
    size: tuple[int, int] | None = None

    def write(self, folder: Path) -> list[str]:
        """Write the originals into a folder, and return their keys."""
        keys = [f"{number:02}.jpg" for number in range(_OBJECTS)]
        for number, key in enumerate(keys):
            small = photos.SMALL[number % len(photos.SMALL)]
            body = photos.small(small) if self.size is None else photos.mosaic(*self.size)
            (folder / key).write_bytes(body)
        return keys


@dataclass(frozen=True)
class Point:
    """One point that is measured and simulated.

    Parameters
    ----------
    scene : str
    door : str
    workers, readers : int
    """

    scene: str
    door: str
    workers: int
    readers: int


SCENES = (
    Scene("waiting", 0.04),
    Scene("computing", 0.005, (750, 1000)),
)


def readers_of(workers: int) -> Iterator[int]:
    """Yield how many readers are measured with a number of workers: one, a few, and more than enough."""
    yield from sorted({1, 2 * workers, 16})
