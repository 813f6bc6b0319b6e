"""A playground with one dropped file, and what the page sees of its answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from importlib import import_module
from typing import Any

import numpy as np

from jitprep.playground.app import _line
from jitprep.playground.desk import Desk
from jitprep.playground.places import Places
from jitprep.playground.playground import Playground
from jitprep.playground.uploads import Uploads
from preprocessing import Limits


class Opened:
    """A playground, and questions about files that are dropped on it."""

    def __init__(self, limits: Limits | None = None, desk: Desk | None = None) -> None:
        limits = limits or Limits()
        places = Places(list, limits.source_bytes)
        self.playground = Playground(places, Uploads(), desk or Desk(), {}, limits)

    def drop(self, content: bytes, name: str = "photo.jpg") -> dict[str, str]:
        """Drop a file, and return it as a source."""

        async def chunks() -> AsyncIterator[bytes]:
            yield content

        receive = self.playground.uploads.receive(name, chunks(), self.playground.limits)
        return {"upload": asyncio.run(receive)["upload"]}

    def ask(self, question: str, asked: Mapping[str, Any]) -> Any:
        """Return an answer as the page gets it, which must be JSON."""
        module = import_module(f"jitprep.playground.answers.{question}")
        return json.loads(_line(module.answer(self.playground, asked)), parse_constant=_refuse)

    def look(self, content: bytes, pipeline: str, **more: Any) -> Any:
        """Ask `look` about a file."""
        return self.ask("look", {"source": self.drop(content), "pipeline": pipeline, **more})

    def pixels(self, frame: Mapping[str, Any]) -> np.ndarray:
        """Return a frame's picture as the page draws it, (h, w, 4)."""
        asset = self.playground.desk.get(frame["asset"])
        assert asset is not None
        return np.frombuffer(asset.body, np.uint8).reshape(asset.height, asset.width, 4)

    def array(self, frame: Mapping[str, Any]) -> np.ndarray:
        """Return the values that a frame shows."""
        asset = self.playground.desk.get(frame["asset"])
        assert asset is not None
        assert asset.array is not None
        return asset.array


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
