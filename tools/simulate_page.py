"""Write the tables and pictures of docs/cost/simulate.md.

``python tools/simulate_page.py --run [NAME ...]`` also runs the commands of the page, all or the named.
It stores their outcomes in docs/cost/simulate.json and their pictures beside it: some minutes.
"""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PAGE, STORED = ROOT / "docs/cost/simulate.md", ROOT / "docs/cost/simulate.json"
_PLACE = re.compile(r"(<!-- simulate: ([\w-]+) -->\n).*?(<!-- simulate: end -->)", re.DOTALL)
_COMMON = "--pipeline imagenet-uint8 --objects 1281167 --step-ms 250"
RUNS = {
    "ten-thousand": "--door url --readers 1e4",
    "fifty-thousand": "--door url --readers 5e4",
    "fifty-thousand-quota": "--door url --readers 5e4 --concurrency 50000 --prefixes 64",
    "server": "--door server --readers 1e4 --workers 40 --max-workers 160 --prefixes 4",
    "shards": "--door streamed-shards --readers 1000",
}
# Of this run, the number of readers is varied too.
_VARIED = "ten-thousand"


def main() -> None:
    """Run the command line."""
    if sys.argv[1:2] == ["--run"]:
        made = json.loads(STORED.read_text(encoding="utf-8")) if STORED.exists() else {}
        for name in sys.argv[2:] or RUNS:
            made[name] = _run(name)
            STORED.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """Return the page with the text between its marks replaced."""
    runs = json.loads(STORED.read_text(encoding="utf-8"))

    def fill(place: re.Match[str]) -> str:
        return f"{place[1]}{_table(runs, place[2].split('-and-'))}\n{place[3]}"

    return _PLACE.sub(fill, PAGE.read_text(encoding="utf-8"))


def _run(name: str) -> dict[str, Any]:
    arguments = f"{_COMMON} {RUNS[name]}"
    picture = ROOT / f"docs/cost/simulate-{name}.svg"
    command = [sys.executable, "-m", "jitprep.cli.main", "simulate", *arguments.split(), "--json"]
    command += ["--plot", str(picture)]
    if name == _VARIED:
        command += ["--plot-readers", str(ROOT / "docs/cost/simulate-readers.svg")]
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = subprocess.run(  # noqa: S603  the command of this project
        command, cwd=ROOT, check=True, capture_output=True, text=True
    )
    cpu_s = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    outcome = json.loads(done.stdout)
    del outcome["outcome"]["timeline"]
    return {"arguments": arguments, "cpu_s": round(cpu_s, 1), **outcome}


def _table(runs: dict[str, Any], names: list[str]) -> str:
    """Return a table with a column for each run."""
    columns = [_column(runs[name]) for name in names]
    rows = [("", *(f"`{RUNS[name]}`" for name in names))]
    rows.append(("---", *("---:" for _ in names)))
    rows += [(label, *(column[label] for column in columns)) for label in columns[0]]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _column(run: dict[str, Any]) -> dict[str, str]:
    outcome, advice = run["outcome"], run["advice"]
    usd = sum(charge["usd"] for charge in run["charges"])
    return {
        "time of the epoch": _time(outcome["epoch_s"]),
        "samples per second": f"{outcome['samples_per_s']:,.0f}",
        "GPU idle": f"{outcome['idle']:.1%}",
        "429 from Lambda": f"{outcome['throttled_429']:,}",
        "503 from S3, to the door": f"{outcome['store_503']:,}",
        "503 to readers": f"{outcome['slow_503'] - outcome['store_503']:,}",
        "requests that take more than 8 tries": f"{outcome['gave_up']:,}",
        "a read, p50 and p99": f"{outcome['p50_ms']:,.0f} ms, {outcome['p99_ms']:,.0f} ms",
        "dollars": f"${usd:,.2f}",
        "recommended size": f"{advice['size']:,}",
        "recommended readers, ramp": f"{advice['readers']:,}, {advice['ramp_s']:g} s",
        "its epoch, 429s": f"{_time(advice['outcome']['epoch_s'])}, "
        f"{advice['outcome']['throttled_429']:,}",
    }


def _time(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


if __name__ == "__main__":
    main()
