"""Report of the samples that a shard's pipeline left out: the archive's last member."""

from __future__ import annotations

import json
from typing import Any

from preprocessing.errors import PreprocessingError

# WebDataset skips members whose folder has underscores around its name, as metadata of the shard.
NAME = "__jitprep__/skipped.json"
_MOST_NAMED = 1000
_LONGEST = 300


class Skipped:
    """Samples that were left out, counted, and the first thousand of them named."""

    def __init__(self) -> None:
        self.count = 0
        self._named: list[dict[str, str]] = []

    def add(self, key: str, error: PreprocessingError) -> None:
        """Add a sample and the error of its first bad member."""
        self.count += 1
        if len(self._named) < _MOST_NAMED:
            about = {"error": type(error).__name__, "message": str(error)[:_LONGEST]}
            self._named.append({"sample": key[:_LONGEST], **about})

    def report(self) -> bytes:
        """Return the report as JSON: ``{"skipped": 1, "samples": [{"sample", "error", "message"}]}``."""
        found: dict[str, Any] = {"skipped": self.count, "samples": self._named}
        return json.dumps(found).encode()
