"""Measured and simulated figures side by side, as rows, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.report import markdown
from bench.simulation.doors import DOORS
from bench.simulation.measurement import Figures, Measured, service_times
from bench.simulation.prediction import scenario
from bench.simulation.scenes import SCENES, Point
from jitprep.costs.simulation.simulate import simulate

# By how much a simulated figure may differ from the measured one.
GOAL = 0.10


@dataclass(frozen=True)
class Row:
    """A point, measured and simulated.

    Parameters
    ----------
    point : Point
    measured : Figures
        The medians of the undisturbed rounds.
    per_s, p50_ms, p99_ms : float
        Simulated.
    """

    point: Point
    measured: Figures
    per_s: float
    p50_ms: float
    p99_ms: float

    @property
    def is_calibration(self) -> bool:
        """Whether the service times were measured with as many workers and readers."""
        return self.point.workers == self.point.readers == 1

    @property
    def ratios(self) -> tuple[float, float]:
        """Simulated throughput and p50, each divided by the measured one."""
        return self.per_s / self.measured.per_s, self.p50_ms / self.measured.p50_ms

    @property
    def is_within(self) -> bool:
        """Whether both are within the goal."""
        return all(abs(ratio - 1) <= GOAL for ratio in self.ratios)

    def as_json(self) -> dict[str, Any]:
        """Return the row as JSON has it."""
        per_s, p50 = self.ratios
        return {
            "scene": self.point.scene,
            "door": self.point.door,
            "workers": self.point.workers,
            "readers": self.point.readers,
            "calibration": self.is_calibration,
            "measured": _rounded(self.measured.per_s, self.measured.p50_ms, self.measured.p99_ms),
            "simulated": _rounded(self.per_s, self.p50_ms, self.p99_ms),
            "ratio": {"per_s": round(per_s, 3), "p50": round(p50, 3)},
            "others": round(self.measured.others, 2),
        }


def _rounded(per_s: float, p50_ms: float, p99_ms: float) -> dict[str, float]:
    return {"per_s": round(per_s, 1), "p50_ms": round(p50_ms, 2), "p99_ms": round(p99_ms, 2)}


def compare(measured: Measured) -> list[Row]:
    """Simulate every point that was measured."""
    rows = []
    for point in sorted(measured.points, key=_place):
        of = point.scene, point.door
        crowding = measured.crowding(point.scene)
        waiting, busy = service_times(measured.waiting[of]), service_times(measured.busy[of])
        found = simulate(scenario(point, waiting, busy, crowding))
        figures = measured.figures(point)
        rows.append(Row(point, figures, found.samples_per_s, found.p50_ms, found.p99_ms))
    return rows


def _place(point: Point) -> tuple[int, int, int, int]:
    """Return where a point is in the table, since rounds measure them in random order."""
    scenes, doors = [scene.name for scene in SCENES], list(DOORS)
    return scenes.index(point.scene), doors.index(point.door), point.workers, point.readers


def result(rows: Iterable[Row], measured: Measured, made: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything as JSON has it."""
    return {
        "made": dict(made),
        "goal": GOAL,
        "scenes": {
            scene.name: {"delay_ms": scene.delay_s * 1000, "size": scene.size or [375, 500]}
            for scene in SCENES
        },
        "service_ms": {
            f"{door}, {scene}": {
                "waiting": service_times(rounds).means(),
                "busy": service_times(measured.busy[scene, door]).means(),
                "others": [
                    round(min(one[1] for one in known), 2)
                    for known in (rounds, measured.busy[scene, door])
                ],
            }
            for (scene, door), rounds in measured.waiting.items()
        },
        "crowding": {
            scene: [round(factor, 3) for factor in measured.crowding(scene)]
            for scene in measured.transforms
        },
        "crowding_others": {
            scene: round(min(others for _, others in rounds), 2)
            for scene, rounds in measured.transforms.items()
        },
        "rows": [row.as_json() for row in rows],
    }


def is_within_goal(found: Mapping[str, Any]) -> bool:
    """Whether every ratio is."""
    ratios = [ratio for row in found["rows"] for ratio in row["ratio"].values()]
    return all(abs(ratio - 1) <= found["goal"] for ratio in ratios)


_HEAD = (
    *("scene", "door", "workers", "readers", "images/s", "simulated", "ratio"),
    *("p50 ms", "simulated", "ratio"),
)


def table(found: Mapping[str, Any]) -> str:
    """Return the table as Markdown; calibrations have an asterisk, ratios beyond the goal are bold."""
    return markdown(_HEAD, [_cells(row, found["goal"]) for row in found["rows"]])


def _cells(row: Mapping[str, Any], goal: float) -> Sequence[str]:
    measured, simulated, ratio = row["measured"], row["simulated"], row["ratio"]
    star = r" \*" if row["calibration"] else ""

    def shown(value: float) -> str:
        return f"{value:.2f}" if abs(value - 1) <= goal else f"**{value:.2f}**"

    return (
        row["scene"],
        row["door"],
        str(row["workers"]),
        f"{row['readers']}{star}",
        f"{measured['per_s']:.1f}",
        f"{simulated['per_s']:.1f}",
        shown(ratio["per_s"]),
        f"{measured['p50_ms']:.1f}",
        f"{simulated['p50_ms']:.1f}",
        shown(ratio["p50"]),
    )
