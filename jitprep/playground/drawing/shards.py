"""Shards: their files, and the samples that were left out of them."""

from __future__ import annotations

import json
from typing import Any

from jitprep.playground.drawing.view import View
from jitprep.playground.members import ShardList
from preprocessing.names import as_text


def draw_shard(listed: ShardList) -> View:
    """Show the files of a shard.

    ``more`` has the number of ``samples``. Of a derived shard it has the number of ``skipped`` samples,
    and for the first of them in ``bad`` the ``sample``, the ``error`` and the ``message``.
    """
    more: dict[str, Any] = {"samples": listed.samples, **_left_out(listed.skipped)}
    files = f"{listed.count:,} file{'s' * (listed.count != 1)}"
    samples = f"{listed.samples:,} sample{'s' * (listed.samples != 1)}"
    shown = len(listed.members)
    return View(
        "shard",
        f"shard of {samples} in {files}, {listed.nbytes:,} bytes",
        how=f"the first {shown:,} files are shown" if shown < listed.count else "",
        count=listed.count,
        members=listed.members,
        more=more,
    )


def _left_out(report: bytes) -> dict[str, Any]:
    """Read the report of skipped samples. A shard may have any file of that name."""
    try:
        found = json.loads(report)
        bad = [
            {name: as_text(str(one[name])) for name in ("sample", "error", "message")}
            for one in found["samples"]
        ]
        return {"skipped": int(found["skipped"]), "bad": bad}
    except (ValueError, TypeError, KeyError, RecursionError):
        return {}
