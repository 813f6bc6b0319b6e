"""Examples of the gallery, one per step, as `examples.toml` has them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from preprocessing import ENCODINGS, TRANSFORMS, Pipeline

_FILE = Path(__file__).parent / "examples.toml"


@dataclass(frozen=True)
class Example:
    """A step in a pipeline, on one object.

    Parameters
    ----------
    step : str
        Name of the transform or encoding.
    source : str
        Name of the object, as `gallery_objects` has it.
    line : str
        The pipeline. The first step of this name is the one that is shown.
    alt : str
        What the picture shows, for those who do not see it; empty for text.
    seed : int
        Seed of the pipeline's random steps.
    show : {"picture", "planes", "strokes"}
        How an image result is drawn: as a picture, as one gray picture per channel, or as HOG's strokes.
    note : str
        A sentence below the picture: how values were made visible, what to look at.
    """

    step: str
    source: str
    line: str
    alt: str = ""
    seed: int = 0
    show: Literal["picture", "planes", "strokes"] = "picture"
    note: str = ""

    @property
    def pipeline(self) -> Pipeline:
        """The parsed pipeline."""
        return Pipeline.parse(self.line)


@cache
def examples() -> dict[str, Example]:
    """Return an example of each step, in the catalogue's order.

    Raises
    ------
    SystemExit
        If a step has no example, or an example no step.
    """
    written = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    steps = (*TRANSFORMS.catalogue, *ENCODINGS.catalogue)
    if different := set(written) ^ set(steps):
        raise SystemExit(
            f"{_FILE.name} must have one example of each step; see {', '.join(sorted(different))}"
        )
    return {name: Example(name, **written[name]) for name in steps}
