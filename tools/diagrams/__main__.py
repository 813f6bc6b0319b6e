"""Write the diagrams of the docs. Run by ``make docs``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tools.diagrams.costs import ways
from tools.diagrams.doors import doors
from tools.diagrams.training import loader, reader, shards

ROOT = Path(__file__).parents[2]
DIAGRAMS: dict[str, Callable[[], str]] = {
    "docs/training/loader.svg": loader,
    "docs/training/reader.svg": reader,
    "docs/training/shards.svg": shards,
    "docs/doors/doors.svg": doors,
    "docs/cost/ways.svg": ways,
}


if __name__ == "__main__":
    for name, draw in DIAGRAMS.items():
        (ROOT / name).write_text(draw(), encoding="utf-8")
