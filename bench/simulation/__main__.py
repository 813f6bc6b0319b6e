"""``python -m bench.simulation``: whether `jitprep simulate` predicts the endpoint and the server.

It measures the CPU time of each process for one request, with one worker and one reader. From that
alone, the store's delay and the number of processors it simulates 1, 2 and 4 workers with several
numbers of readers, and compares with what closed-loop readers measure. The exit status is 1 where a
throughput or a p50 differs by more than 10%. Linux; ten minutes on a machine that does nothing else.

``--json`` prints JSON; ``--write`` writes docs/cost/simulation.json and the table of
docs/cost/simulate.md; ``--render`` writes the table from the JSON that is there; ``--quick`` takes one
short round.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from bench.environment import ROOT, occasion
from bench.simulation.comparison import compare, is_within_goal, result, table
from bench.simulation.measurement import measure
from bench.simulation.page import PAGE, page

DATA = ROOT / "docs/cost/simulation.json"
_ROUNDS, _SECONDS, _QUICK_S, _PATIENCE_S = 5, 3.0, 1.0, 10.0


def main() -> int:
    """Run the command line, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.simulation", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument("--write", action="store_true", help="write the JSON and the page")
    parser.add_argument("--render", action="store_true", help="write the page from the JSON")
    parser.add_argument("--rounds", type=int, default=_ROUNDS, help="%(default)s by default")
    parser.add_argument(
        "--patience",
        type=float,
        default=_PATIENCE_S,
        metavar="SECONDS",
        help="time in which a measurement is repeated while other programs disturb it",
    )
    options = parser.parse_args()
    if options.render:
        found = json.loads(DATA.read_text())
    else:
        rounds, seconds = (1, _QUICK_S) if options.quick else (options.rounds, _SECONDS)
        found = _found(rounds, seconds, options.patience)
    if options.write:
        DATA.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    if options.write or options.render:
        PAGE.write_text(page(PAGE.read_text(), found))
    print(json.dumps(found, indent=1) if options.json else table(found))
    return 0 if is_within_goal(found) else 1


def _found(rounds: int, seconds: float, patience_s: float) -> dict[str, Any]:
    made = occasion("preprocessing", "handler", "jitprep", "bench")
    measured = measure(rounds, seconds, patience_s)
    return result(compare(measured), measured, made | {"rounds": rounds, "seconds": seconds})


if __name__ == "__main__":
    sys.exit(main())
