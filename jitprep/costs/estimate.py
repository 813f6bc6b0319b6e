"""A whole estimate, as a value that can be kept as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from jitprep.costs.measure import Measured
from jitprep.costs.model import BACKFILL, Missing, TrainingPlan, Way, ways
from jitprep.costs.prices import Prices, parse_prices


@dataclass(frozen=True, slots=True)
class Estimate:
    """What was measured, what is planned, what AWS asks; and, from these, what each way costs.

    Parameters
    ----------
    pipeline : str
        Its canonical line.
    random : bool
        Whether it draws anew in each epoch.
    region : str
    epochs : int
    date, machine : str
        When it was measured, and on what.
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
        """Every way, open or not."""
        return ways(self.measured, self.plan, self.prices)

    @property
    def open(self) -> tuple[Way, ...]:
        """The ways that can be gone."""
        return tuple(way for way in self.all if isinstance(way, Way))

    @property
    def stored(self) -> Way | None:
        """The way that stores each result once."""
        return next((way for way in self.open if way.name == BACKFILL), None)


def to_json(estimate: Estimate) -> dict[str, Any]:
    """Return the estimate and what follows from it, as JSON has it."""
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
    """Return the estimate that was kept; what follows from it is computed anew."""
    given = {name: value for name, value in table.items() if name != "ways"}
    return Estimate(
        **{
            **given,
            "measured": Measured(**table["measured"]),
            "plan": TrainingPlan(**table["plan"]),
            "prices": parse_prices(table["prices"], "prices"),
        }
    )
