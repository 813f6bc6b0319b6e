"""``python -m soak``: run every phase, then write docs/soak.json and docs/soak.md.

``--quick`` runs for one minute and only prints. ``--render`` writes the page from the existing JSON. The
exit status is 1 if a law is broken; timings do not affect it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from typing import Any

from bench.environment import occasion
from soak import bombing, laws, mutants, phases, report
from soak.load.clients import PATIENCE_S
from soak.stage import ROOT, WORKERS, faulty_s3

_JSON, _PAGE = ROOT / "docs/soak.json", ROOT / "docs/soak.md"
_MEASURED = ("preprocessing", "handler", "jitprep", "soak")


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m soak", description=__doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--quick", action="store_true", help="run for one minute and only print")
    which.add_argument(
        "--render", action="store_true", help="write the page from the existing JSON"
    )
    options = parser.parse_args()
    if options.render:
        return _write(json.loads(_JSON.read_text()))
    result = soak(phases.QUICK if options.quick else phases.FULL)
    result["made"]["command"] = "make soak-quick" if options.quick else "make soak"
    parts = (report.table, report.codes, report.deeds, report.verdict)
    print(*(part(result) for part in parts), sep="\n\n")
    if not options.quick and not result["broken"]:
        _JSON.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
        _write(result)
    return bool(result["broken"])


def soak(effort: phases.Effort) -> dict[str, Any]:
    """Run every phase and report progress."""
    start = time.monotonic()
    rows = []
    with faulty_s3() as s3:
        for row in phases.play(s3, effort):
            rows.append(row)
            progress = (
                f"{time.monotonic() - start:4.0f} s: {row.name}, {row.answers.requests} requests"
            )
            print(progress, file=sys.stderr, flush=True)
    return {
        "made": {
            **occasion(*_MEASURED),
            "minutes": round((time.monotonic() - start) / 60, 1),
            "clients": phases.CLIENTS,
            "workers": WORKERS,
            "formats": len(mutants.files()) // 2,
            "patience": PATIENCE_S,
            "growth": laws.MOST_GROWTH // 2**20,
            "timeout": bombing.TIMEOUT_S,
            "memory": bombing.MEMORY // 2**20,
        },
        "phases": [asdict(row) for row in rows],
        "broken": laws.broken(rows),
    }


def _write(result: dict[str, Any]) -> int:
    _PAGE.write_text(report.page(result) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
