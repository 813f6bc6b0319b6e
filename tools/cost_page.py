"""Write the tables of costs and the pictures. Run by ``make cost-page``.

`docs/cost/*.json` hold what ``jitprep cost --json`` measured and assumed in each case. Everything else
is computed from them. With ``--measure``, the cases are measured again first.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jitprep.cli.demo_data.media import video
from jitprep.costs.answers import report
from jitprep.costs.answers.notes import notes
from jitprep.costs.answers.place_map import map_places, render_map
from jitprep.costs.answers.plot import render_plot
from jitprep.costs.answers.reasons import reasons
from jitprep.costs.answers.verdict import decide, two_sentences
from jitprep.costs.answers.wording import dollars
from jitprep.costs.estimate import Estimate, from_json
from jitprep.costs.ways.bill import COPIES_SHARDS, Way

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs/cost"
_PLACE = re.compile(r"(<!-- cost: ([\w-]+)(?: ([\w-]+))? -->\n).*?(<!-- cost: end -->)", re.DOTALL)


@dataclass(frozen=True)
class Documented:
    """A case of the pages.

    Parameters
    ----------
    what : str
        In the table of all cases.
    options : str
        Of ``jitprep cost``.
    samples : mapping of str to callable
        Files by name; without any, the command takes the demo's photographs.
    """

    what: str
    options: str
    samples: Mapping[str, Callable[[], bytes]]


CASES = {
    "keeps-up": Documented(
        "photographs, g5.xlarge trains 2 ms on each, 30 epochs",
        "--pipeline imagenet-uint8 --train-ms 2 --objects 1.2e6 --epochs 30",
        {},
    ),
    "fast-training": Documented(
        "photographs, p5.48xlarge trains 0.1 ms on each, 90 epochs",
        "--pipeline imagenet-uint8 --gpu p5.48xlarge --train-ms 0.1 --objects 1.2e6 --epochs 90",
        {},
    ),
    "random-video": Documented(
        "random crops of videos, p5.48xlarge trains 1.5 ms on each, 10 epochs",
        "--pipeline sample_frames:8/random_resized_crop:224/random_horizontal_flip/npy "
        "--gpu p5.48xlarge --train-ms 1.5 --objects 1e6 --epochs 10",
        {"bikes.mp4": video},
    ),
}


def main(arguments: Sequence[str]) -> None:
    """Write the pages, and with ``--measure`` the cases before them."""
    if "--measure" in arguments:
        for name, case in CASES.items():
            (FOLDER / f"{name}.json").write_text(_measured(case), encoding="utf-8")
    for page, content in pages().items():
        page.write_text(content, encoding="utf-8")


def pages() -> dict[Path, str]:
    """Return the pages with the text between their marks replaced, and the pictures."""
    found = {
        name: from_json(json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")))
        for name in CASES
    }

    def fill(place: re.Match[str]) -> str:
        kind, name = place[2], place[3]
        made = _summary(found) if name is None else _KINDS[kind](found[name])
        return f"{place[1]}{made}\n{place[4]}"

    written = {
        path: _PLACE.sub(fill, path.read_text(encoding="utf-8"))
        for path in (ROOT / "README.md", FOLDER / "model.md")
    }
    mapped = found["random-video"]
    return {
        **written,
        FOLDER / "epochs.svg": render_plot(found["keeps-up"]),
        FOLDER / "places.svg": render_map(mapped, map_places(mapped)),
    }


def _measured(case: Documented) -> str:
    with tempfile.TemporaryDirectory() as folder:
        for name, make in case.samples.items():
            (Path(folder) / name).write_bytes(make())
        command = [sys.executable, "-m", "jitprep.cli.main", "cost", *case.samples, "--json"]
        return subprocess.run(  # noqa: S603  the options above
            [*command, *shlex.split(case.options)],
            cwd=folder,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout


def _summary(found: Mapping[str, Estimate]) -> str:
    """Return one row per case: whether to prepare remotely, and what the rival places cost."""
    header = (
        "",
        "prepare remotely?",
        "cheapest",
        "own cores",
        "server",
        "Lambda",
        "copies in shards",
    )
    rows = []
    for name, estimate in found.items():
        decision, epochs = decide(estimate), estimate.plan.epochs
        against = decision.against_remote
        places = (
            decision.host,
            decision.on_server,
            decision.in_lambda,
            estimate.way(COPIES_SHARDS),
        )
        rows.append(
            (
                CASES[name].what,
                f"**no**: {against}" if against else "**yes**",
                f"{decision.best.name}, {dollars(decision.best.total(epochs))}",
                *(_total(way, epochs) for way in places),
            )
        )
    return _markdown(header, rows)


def _total(way: Way | None, epochs: int) -> str:
    return "–" if way is None else dollars(way.total(epochs))


def _answer(estimate: Estimate) -> str:
    return "\n>\n".join(f"> {each}" for each in two_sentences(estimate, decide(estimate)))


def _table(estimate: Estimate) -> str:
    table = _markdown(report.header(estimate), report.rows(estimate))
    return f"{table}\n\n{report.title(estimate)}. \\* The cheapest."


def _paid(estimate: Estimate) -> str:
    return _markdown(report.paid_header(estimate), report.paid_rows(estimate))


def _reasons(estimate: Estimate) -> str:
    return _bullets(reasons(estimate, decide(estimate)))


def _notes(estimate: Estimate) -> str:
    return _bullets(notes(estimate))


_KINDS: dict[str, Callable[[Estimate], str]] = {
    "answer": _answer,
    "table": _table,
    "paid": _paid,
    "reasons": _reasons,
    "notes": _notes,
}


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table that is aligned as text too. Columns of numbers are on the right."""
    table = [tuple(header), *([_escaped(cell) for cell in row] for row in rows)]
    columns = list(zip(*table, strict=True))
    widths = [max(map(len, column)) for column in columns]
    numbers = [all(re.match(r"[$\d–<>]", cell) for cell in column[1:]) for column in columns]
    first, *rest = ("| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in table)
    rules = [
        f"{'-' * (width + 1)}{':' if right else '-'}"
        for width, right in zip(widths, numbers, strict=True)
    ]
    return "\n".join((first, "|" + "|".join(rules) + "|", *rest))


def _escaped(cell: str) -> str:
    return cell.replace("*", r"\*") if cell.startswith("$") else cell


if __name__ == "__main__":
    main(sys.argv[1:])
