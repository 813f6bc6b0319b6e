"""Complete estimate, convertible to JSON and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from jitprep.costs.inputs.measure import Measured
from jitprep.costs.inputs.prices import Prices, parse_prices
from jitprep.costs.ways.bill import BACKFILL, Missing, TrainingPlan, Way
from jitprep.costs.ways.model import ways


@dataclass(frozen=True, slots=True)
class Estimate:
    """Measurements, plan and prices, and the cost of each way that follows from them.

    Parameters
    ----------
    pipeline : str
        Canonical line of the pipeline.
    random : bool
        Whether the pipeline has random transforms.
    region : str
    epochs : int
    date, machine : str
        Date and machine of the measurement.
    measured : Measured
    plan : TrainingPlan
    prices : Prices
    """

    pipeline: str
    random: bool
    region: str
    epochs: int
    date: str
    machine: str
    measured: Measured
    plan: TrainingPlan
    prices: Prices

    @property
    def all(self) -> tuple[Way | Missing, ...]:
        """Every way, possible or not."""
        return ways(self.measured, self.plan, self.prices)

    @property
    def open(self) -> tuple[Way, ...]:
        """The ways that are possible."""
        return tuple(way for way in self.all if isinstance(way, Way))

    @property
    def stored(self) -> Way | None:
        """The way that stores each result once, if it is possible."""
        return next((way for way in self.open if way.name == BACKFILL), None)


def to_json(estimate: Estimate) -> dict[str, Any]:
    """Return the estimate, and the cost of each way, as a JSON object."""
    return {
        **asdict(estimate),
        "ways": [
            {**asdict(way), "usd": way.total(estimate.epochs)}
            if isinstance(way, Way)
            else asdict(way)
            for way in estimate.all
        ],
    }


def from_json(table: Mapping[str, Any]) -> Estimate:
    """Return the estimate in a JSON object. The costs in it are ignored, and computed again."""
    given = {name: value for name, value in table.items() if name != "ways"}
    return Estimate(
        **{
            **given,
            "measured": Measured(**table["measured"]),
            "plan": TrainingPlan(**table["plan"]),
            "prices": parse_prices(table["prices"], "prices"),
        }
    )
