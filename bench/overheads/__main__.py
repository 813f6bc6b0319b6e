"""``python -m bench.overheads``: what a read takes beside its transform, measured for `jitprep cost`.

A server and two endpoints with functions, each a process of its own with one worker, make the same 64
photographs of 500×375 into results of 151 kB and of 602 kB. This process reads them as a training host
does: with the loader's stream in batches of 32, and shards with tarfile and NumPy, as WebDataset does.
It also reads stored copies, and originals of two sizes. The CPU time of the worker counts, and that of
this process, each less what transforms take there. The figures go to
jitprep/costs/inputs/overheads.toml; ``--print`` prints them instead. It takes about five minutes on two
cores, on Linux.
"""

from __future__ import annotations

import argparse
import sys

from bench.environment import occasion
from bench.overheads.figures import dump_overheads, overheads
from bench.overheads.measuring import SHARD, measure
from jitprep.costs.inputs.overheads import SHIPPED_OVERHEADS

_ROUNDS = 12


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.overheads", description=__doc__)
    parser.add_argument("--rounds", type=int, default=_ROUNDS, help="rounds of all ways")
    parser.add_argument("--print", action="store_true", dest="only", help="write no file")
    options = parser.parse_args()
    if options.rounds < 2:
        parser.error(f"--rounds must be at least 2 for a quartile, got {options.rounds}")
    made = occasion("preprocessing", "handler", "jitprep", "bench")
    spent = measure(options.rounds)
    found = overheads(made["date"], made["machine"]["processor"], spent, SHARD)
    text = dump_overheads(found, made, options.rounds)
    if options.only:
        sys.stdout.write(text)
    else:
        SHIPPED_OVERHEADS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
