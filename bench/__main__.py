"""``python -m bench``: measure, then write docs/benchmarks.json, .md and .svg.

``--quick`` repeats less and only prints. ``--render`` writes the page and the plot from the existing
JSON, for example after explaining why a target is missed. The exit status does not depend on timings.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from bench import accuracy, cases, children, environment, field, plot, report, threads
from bench.figures import judge

if TYPE_CHECKING:
    from bench.figures import Result

DOCS = environment.ROOT / "docs"
_START = perf_counter()


class Effort(NamedTuple):
    """How long to measure.

    Parameters
    ----------
    seconds : float
        The duration of the interleaved rounds.
    threads, processes : int
        The number of rounds with threads, and with new processes.
    memory_of_all : bool
        Whether to measure the memory of all libraries, or only that of jitprep.
    """

    seconds: float
    threads: int
    processes: int
    memory_of_all: bool


FULL = Effort(360, 15, 20, memory_of_all=True)
QUICK = Effort(40, 3, 3, memory_of_all=False)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--quick", action="store_true", help="repeat less and only print")
    which.add_argument(
        "--render", action="store_true", help="write the page and the plot from the existing JSON"
    )
    which.add_argument("--threads", action="store_true", help="print only P2 by number of threads")
    options = parser.parse_args()
    if options.render:
        return write(json.loads((DOCS / "benchmarks.json").read_text()))
    environment.enter(sys.argv[1:])
    if options.threads:
        return print(several_threads())
    result = measure(QUICK if options.quick else FULL)
    result["made"]["command"] = "make bench-quick" if options.quick else "make bench"
    print(report.table(result), report.figures(result), report.rest(result), sep="\n\n")
    if options.quick:
        return None
    (DOCS / "benchmarks.json").write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    return write(result)


def measure(effort: Effort) -> Result:
    """Measure everything."""
    taking_part = field.load()
    environment.limit_threads()
    columns = cases.cases()
    peers = taking_part.peers
    say("cold starts and memory, in new processes")
    startup = children.startup(taking_part, effort.processes)
    memory = children.memory(taking_part, of_all=effort.memory_of_all)
    say("all libraries")
    timed, rounds = field.measure(peers, columns, effort.seconds)
    say("two threads")
    by_threads = [case for case in columns if case.name in threads.CASES]
    result: Result = {
        "made": environment.describe(package for peer in peers for package in peer.packages)
        | {"rounds": rounds, "crops": cases.CROPS, "batch": cases.BATCH},
        "peers": {
            peer.name: {
                "about": peer.about,
                "role": peer.role,
                "antialiased": peer.antialiased,
                "packages": peer.packages,
            }
            for peer in peers
        },
        "missing": taking_part.missing,
        "pipelines": {case.name: case.pipeline for case in columns},
        "cases": timed,
        "threads": {case.name: threads.measure(peers, case, effort.threads) for case in by_threads},
        "startup": startup,
        "memory": memory,
        "accuracy": accuracy.against_torchvision(columns),
    }
    result["figures"] = [asdict(figure) for figure in judge(result)]
    return result


def several_threads() -> str:
    """Return a table of the milliseconds per image that P2 takes by number of threads.

    Only of jitprep and of the fastest other library, so that it takes a minute.
    """
    peers = [peer for peer in field.load().peers if peer.role == "ours" or "cykooz" in peer.name]
    environment.limit_threads()
    rows = []
    for case in cases.cases():
        if case.name in threads.CASES:
            found = threads.by_count(peers, case, FULL.threads, threads.COUNTS)
            for name, seconds in found.items():
                times = [f"{seconds[count] * 1e3:.2f}" for count in threads.COUNTS]
                rows.append((case.name, name, *times, f"{seconds[1] / seconds[2]:.2f}×"))
    return report.markdown(("", "", *map(str, threads.COUNTS), "1 to 2"), rows)


def write(result: Result) -> None:
    """Write the page, the plot and the README's sentences."""
    readme = environment.ROOT / "README.md"
    readme.write_text(report.readme(readme.read_text(), result))
    (DOCS / "benchmarks.md").write_text(report.page(result) + "\n")
    plot.draw(result, DOCS / "benchmarks.svg")


def say(what: str) -> None:
    """Report progress on standard error."""
    print(f"{perf_counter() - _START:4.0f} s: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
