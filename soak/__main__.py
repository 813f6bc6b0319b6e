"""``python -m soak``: run every phase, then write docs/soak.json and docs/soak.md.

``--quick`` runs for a minute and a half and only prints. ``--server`` and ``--overflow`` run the phases
of the server, or of a loader's overflow, alone. ``--render`` writes the page from the existing JSON. The
exit status is 1 if a law is broken; timings do not affect it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from bench.environment import occasion
from soak import bombing, laws, mutants, phases, report
from soak.load.clients import PATIENCE_S
from soak.overflow import phases as overflow_phases
from soak.rows import Row
from soak.server import phases as server_phases
from soak.server import stage as server_stage
from soak.server.phases import ServerEffort
from soak.stage import ROOT, WORKERS, faulty_s3

_JSON, _PAGE = ROOT / "docs/soak.json", ROOT / "docs/soak.md"
_MEASURED = ("preprocessing", "handler", "jitprep", "soak")
_OF_FUNCTION = {
    "clients": phases.CLIENTS,
    "workers": WORKERS,
    "at_once": phases.AT_ONCE,
    "formats": len(mutants.files()) // 2,
    "patience": PATIENCE_S,
    "growth": laws.MOST_GROWTH // 2**20,
    "timeout": bombing.TIMEOUT_S,
    "memory": bombing.MEMORY // 2**20,
}


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m soak", description=__doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--quick", action="store_true", help="run for a minute and a half and only print"
    )
    which.add_argument(
        "--render", action="store_true", help="write the page from the existing JSON"
    )
    parts = parser.add_mutually_exclusive_group()
    for part in ("server", "overflow"):
        parts.add_argument(
            f"--{part}",
            dest="only",
            action="store_const",
            const=part,
            help=f"run only the phases of the {part}, and keep the others",
        )
    options = parser.parse_args()
    if options.render:
        return _write(json.loads(_JSON.read_text()))
    ran = dict(soak(options.only, quick=options.quick))
    for run in ran.values():
        run["made"]["command"] = _command(options.only, quick=options.quick)
        tables = (report.table, report.codes, report.deeds, report.verdict)
        print(*(table(run) for table in tables), sep="\n\n")
    broken = [law for run in ran.values() for law in run["broken"]]
    for law in broken:  # once more, at the end, where a long log is looked at first
        print(f"broken: {law}", file=sys.stderr)
    if not options.quick and not broken:
        result = {**json.loads(_JSON.read_text()), **ran.pop("function", {}), **ran}
        _JSON.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
        _write(result)
    return int(bool(broken))


def soak(only: str | None, *, quick: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """Run the phases of the function, of the server and of the overflow, and report progress."""
    if only != "overflow":
        with faulty_s3() as s3:
            phases.fill(s3)
            if not only:
                effort = phases.QUICK if quick else phases.FULL
                yield "function", _run(phases.play(s3, effort), _OF_FUNCTION)
            of_server = server_phases.QUICK if quick else server_phases.FULL
            yield "server", _run(server_phases.play_server(s3, of_server), _of_server(of_server))
    if only != "server":
        samples = overflow_phases.QUICK if quick else overflow_phases.FULL
        how = {"samples": samples, "patience": overflow_phases.PATIENCE_S}
        yield "overflow", _run(overflow_phases.play_overflow(samples), how)


def _command(only: str | None, *, quick: bool) -> str:
    if only:
        return f"python -m soak --{only}{' --quick' if quick else ''}"
    return "make soak-quick" if quick else "make soak"


def _run(played: Iterator[Row], how: Mapping[str, Any]) -> dict[str, Any]:
    start, rows = time.monotonic(), []
    for row in played:
        rows.append(row)
        seconds = time.monotonic() - start
        progress = f"{seconds:4.0f} s: {row.name}, {row.answers.requests} requests"
        print(progress, file=sys.stderr, flush=True)
    minutes = round((time.monotonic() - start) / 60, 1)
    return {
        "made": {**occasion(*_MEASURED), "minutes": minutes, **how},
        "phases": [asdict(row) for row in rows],
        "broken": laws.broken(rows),
    }


def _of_server(effort: ServerEffort) -> dict[str, Any]:
    return {
        "clients": server_phases.CLIENTS,
        "beside": server_phases.BESIDE,
        "workers": WORKERS,
        "timeout": server_stage.TIMEOUT_S,
        "patience": server_stage.PATIENCE_S,
        "growth": laws.MOST_GROWTH // 2**20,
        "descriptors": laws.MOST_DESCRIPTORS,
        "idle": effort.idle,
        "slow": effort.slow,
    }


def _write(result: dict[str, Any]) -> int:
    _PAGE.write_text(report.page(result) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
