"""What docs/cost/simulate.md says of the comparison, between its marks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.environment import ROOT
from bench.simulation.comparison import table
from bench.simulation.quiet import QUIET

PAGE = ROOT / "docs/cost/simulate.md"
BEGIN, END = "<!-- validation: begin -->", "<!-- validation: end -->"
_METHOD = """\
`python -m bench.simulation` runs the local endpoint and `jitprep serve` on one machine, behind a
stand-in for S3 that answers each GET after a fixed time. It measures the CPU time of each process for
one request, with one worker and one reader, and how much longer a transform takes while others run. The
simulation gets that, the store's delay and the number of processors, and predicts every other row.
Scenes: {scenes}. A throughput or a p50 that differs by more than {percent:.0f}% is bold, and the exit
status is then 1. {within}"""
_CONDITIONS = """\
Medians of {rounds} rounds of {seconds:g} seconds, without those that other programs disturbed; each
ratio is simulated to measured. \\* The service times were measured with as many workers and readers.
{date}, commit {commit}: {machine[processor]}, {machine[cores]} processors; Python {python};
`python -m bench.simulation --write`, all of it in [simulation.json](simulation.json)."""


def page(text: str, found: Mapping[str, Any]) -> str:
    """Return the page with what is between its marks replaced.

    Raises
    ------
    ValueError
        Where the marks are not there.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE.name} lacks the lines {BEGIN} and {END}; add them")
    conditions = _CONDITIONS.format(**found["made"]) + _disturbed(found)
    return (
        before + "\n".join((BEGIN, _method(found), "", table(found), "", conditions, END)) + after
    )


def _disturbed(found: Mapping[str, Any]) -> str:
    """Name what other programs disturbed in every round, so that a reader doubts it."""
    rows = sum(row["others"] > QUIET for row in found["rows"])
    times = [name for name, known in found["service_ms"].items() if max(known["others"]) > QUIET]
    times += [
        f"transforms at once, {scene}"
        for scene, others in found["crowding_others"].items()
        if others > QUIET
    ]
    if not rows and not times:
        return ""
    named = f", and the service times of {'; '.join(times)}" if times else ""
    return f" Other programs disturbed every round of {rows} rows{named}."


def _method(found: Mapping[str, Any]) -> str:
    scenes = "; ".join(
        f"*{name}*, photographs of {scene['size'][1]}×{scene['size'][0]} and a delay of "
        f"{scene['delay_ms']:g} ms"
        for name, scene in found["scenes"].items()
    )
    ratios = [ratio for row in found["rows"] for ratio in row["ratio"].values()]
    within = sum(abs(ratio - 1) <= found["goal"] for ratio in ratios)
    return _METHOD.format(
        scenes=scenes,
        percent=found["goal"] * 100,
        within=f"Of {len(ratios)} figures, {within} are within.",
    )
