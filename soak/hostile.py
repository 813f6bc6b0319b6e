"""``python -m soak.hostile``: read hostile files, then write docs/hostile.json and SECURITY.md's table.

Each file is read in its own process, as by a function that has 5 s left. ``--check`` only prints.
``--render`` writes the table from the existing JSON. The exit status is 1 if a law is broken.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any

from bench.environment import occasion
from bench.report import markdown
from soak.bombs import BOMBS, Bomb, write_tokenizers

_ROOT = Path(__file__).parent.parent
_JSON, PAGE = _ROOT / "docs/hostile.json", _ROOT / "SECURITY.md"
# The marks before and after the table on the page.
_BEGIN, _END = "<!-- hostile: made by `make hostile` -->", "<!-- /hostile -->"
_MEASURED = ("preprocessing", "handler", "jitprep", "soak")

# The deadline of a file and the most that a row may take, in seconds. The memory that the process
# itself may use beyond the limit, in bytes.
PATIENCE_S, MOST_S = 5.0, 6.0
ALLOWED = 64 * 2**20
_KILLED_S = 40.0
_AT_ONCE, _TRIES = 2, 3
# How long the process is watched after the deadline, and the share of that time that it may compute.
_WATCHED_S, _BUSY = 1.0, 0.1

_HEAD = """\
{date}, commit {commit}: {machine[processor]}; {machine[cores]} cores; {machine[system]};
Python {python}; [hostile.json](docs/hostile.json) has all of it."""


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m soak.hostile", description=__doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--check", action="store_true", help="print only")
    which.add_argument(
        "--render", action="store_true", help="write the table from the existing JSON"
    )
    which.add_argument(
        "--one", nargs=3, metavar=("FILE", "SPEC", "CODING"), help="read one file, here"
    )
    options = parser.parse_args()
    if options.one:
        print(json.dumps(_read(Path(options.one[0]), *options.one[1:])))
        return 0
    if options.render:
        return _write(json.loads(_JSON.read_text(encoding="utf-8")))
    result = {**occasion(*_MEASURED), "rows": _rows()}
    # The machine of CI may be busy, and reading a file a second time alone does not help then.
    broken = list(breaches(result, 2 * MOST_S if options.check else MOST_S))
    print(table(result), *broken, sep="\n")
    if not options.check and not broken:
        _JSON.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        _write(result)
    return bool(broken)


def _rows() -> list[dict[str, Any]]:
    """Read several at once, then those that took too long alone: the machine may be busy."""
    with tempfile.TemporaryDirectory() as folder:
        write_tokenizers(Path(folder))
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            found = list(pool.map(partial(_of_bomb, Path(folder)), BOMBS))
        for number, bomb in enumerate(BOMBS):
            for _ in range(_TRIES):
                if all(row["seconds"] <= MOST_S for row in found[number]):
                    break
                both = zip(found[number], _of_bomb(Path(folder), bomb), strict=True)
                found[number] = [min(pair, key=itemgetter("seconds")) for pair in both]
        return [row for rows in found for row in rows]


def _of_bomb(folder: Path, bomb: Bomb) -> list[dict[str, Any]]:
    environment = {**os.environ, "JITPREP_TOKENIZERS": str(folder)}
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        about = {"file": bomb.name, "bytes": file.write(bomb.build())}
        file.flush()
        return [
            {**about, "spec": spec, **_of_child((file.name, spec, bomb.coding), environment)}
            for spec in bomb.specs
        ]


def _of_child(what: tuple[str, ...], environment: Mapping[str, str]) -> dict[str, Any]:
    command = (sys.executable, "-m", "soak.hostile", "--one", *what)
    try:
        child = subprocess.run(
            command,
            cwd=_ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=_KILLED_S,
        )
    except subprocess.TimeoutExpired:
        return _ended(f"killed after {_KILLED_S:.0f} s")
    if child.returncode:
        return _ended(f"with status {child.returncode}: {child.stderr.strip().splitlines()[-1:]}")
    found: dict[str, Any] = json.loads(child.stdout)
    return found


def _ended(how: str) -> dict[str, Any]:
    """Return the row of a process that ended without a result."""
    outcome = f"ended: {how}"
    return {"seconds": 0.0, "peak": 0, "limit": 0, "busy": 0.0, "outcome": outcome, "why": ""}


def _read(path: Path, spec: str, coding: str) -> dict[str, Any]:
    """Read a file as a function would, in this process."""
    from jitprep.service.http import content_codings  # noqa: PLC0415  in the child
    from preprocessing import Limits, Pipeline, PreprocessingError  # noqa: PLC0415  in the child
    from preprocessing.cancellation import Cancelled, Signal, cancellable  # noqa: PLC0415

    data, limits, pipeline, why = path.read_bytes(), Limits(), Pipeline.parse(spec), ""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # resets the peak
    before, began = _peak(), time.monotonic()
    signal = Signal(began + PATIENCE_S)
    clock = threading.Timer(PATIENCE_S, signal.cancel)
    clock.start()
    with cancellable(signal):
        try:
            plain = content_codings.decode(data, coding, limits)
            outcome = f"{len(pipeline.encode(plain, limits=limits).body):,} bytes"
        except (PreprocessingError, MemoryError) as error:
            outcome, why = type(error).__name__, str(error)
        except Cancelled:
            outcome = "given up"
    seconds, peak = time.monotonic() - began, _peak() - before
    clock.cancel()
    computed = time.process_time()
    if outcome == "given up":
        time.sleep(_WATCHED_S)
    return {
        "seconds": round(seconds, 2),
        "peak": peak,
        "limit": limits.memory,
        "busy": round((time.process_time() - computed) / _WATCHED_S, 2),
        "outcome": outcome,
        "why": why,
    }


def _peak() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return 1024 * int(status.split("VmHWM:")[1].split()[0])


def breaches(result: Mapping[str, Any], most_s: float = MOST_S) -> Iterator[str]:
    """Yield a sentence for each broken law; a row may take `most_s` seconds."""
    for row in result["rows"]:
        name = f"{row['file']} by {row['spec']}"
        if row["outcome"].startswith("ended"):
            yield f"{name}: {row['outcome']}"
        if row["seconds"] > most_s:
            yield f"{name}: took {row['seconds']} s"
        if row["peak"] > row["limit"] + ALLOWED:
            yield f"{name}: used {row['peak'] >> 20} MB; the limit is {row['limit'] >> 20} MB"
        if row["busy"] > _BUSY:
            yield f"{name}: still used {row['busy']:.0%} of a core after the deadline"


def table(result: Mapping[str, Any]) -> str:
    """Return the table: one line for each file and pipeline."""
    header = ("file", "kB", "pipeline", "seconds", "peak MB", "outcome")
    rows = [
        (
            row["file"], f"{row['bytes'] / 1000:,.0f}", f"`{row['spec']}`", f"{row['seconds']:.1f}",
            f"{row['peak'] >> 20:,}", row["outcome"],
        )
        for row in result["rows"]
    ]  # fmt: skip
    return markdown(header, rows)


def page(result: Mapping[str, Any], text: str) -> str:
    """Return the page with the table between its marks replaced."""
    before, _, rest = text.partition(_BEGIN)
    _, _, behind = rest.partition(_END)
    return f"{before}{_BEGIN}\n{_HEAD.format(**result)}\n\n{table(result)}\n{_END}{behind}"


def _write(result: Mapping[str, Any]) -> int:
    PAGE.write_text(page(result, PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
