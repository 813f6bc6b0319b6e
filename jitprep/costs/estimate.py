"""Complete estimate, convertible to JSON and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from jitprep.costs.inputs.measure import Measured, processor
from jitprep.costs.inputs.overheads import Overheads, load_overheads, parse_overheads
from jitprep.costs.inputs.plan import TrainingPlan
from jitprep.costs.inputs.prices import Prices, parse_prices
from jitprep.costs.ways.bill import Missing, Way
from jitprep.costs.ways.model import ways

if TYPE_CHECKING:
    from preprocessing import Pipeline


@dataclass(frozen=True)
class Estimate:
    """Measurements, plan, prices and overheads, and the cost of each way that follows from them.

    Parameters
    ----------
    pipeline : str
        Canonical line of the pipeline.
    region : str
    date, machine : str
        Date and machine of the measurement.
    measured : Measured
    plan : TrainingPlan
    prices : Prices
    overheads : Overheads
    """

    pipeline: str
    region: str
    date: str
    machine: str
    measured: Measured
    plan: TrainingPlan
    prices: Prices
    overheads: Overheads

    @cached_property
    def all(self) -> tuple[Way | Missing, ...]:
        """Every way, possible or not, in the order of `bill.NAMES`."""
        return ways(self.measured, self.plan, self.prices, self.overheads)

    @property
    def open(self) -> tuple[Way, ...]:
        """The ways that are possible."""
        return tuple(way for way in self.all if isinstance(way, Way))

    @property
    def best(self) -> Way:
        """The way that costs least for the planned epochs; of equals, the first."""
        return min(self.open, key=lambda way: way.total(self.plan.epochs))

    def way(self, name: str) -> Way | None:
        """Return the way of a name; None where it is not possible."""
        return next((way for way in self.open if way.name == name), None)


def estimate_now(
    pipeline: Pipeline, plan: TrainingPlan, region: str, prices: Prices, measured: Measured
) -> Estimate:
    """Return the estimate of what was measured on this machine just now."""
    return Estimate(
        pipeline=str(pipeline),
        region=region,
        date=datetime.now(UTC).strftime("%Y-%m-%d"),
        machine=processor(),
        plan=plan,
        prices=prices,
        overheads=load_overheads(),
        measured=measured,
    )


def to_json(estimate: Estimate) -> dict[str, Any]:
    """Return the estimate, and the cost of each way, as a JSON object."""
    return {
        **asdict(estimate),
        "ways": [
            {**asdict(way), "usd": way.total(estimate.plan.epochs)}
            if isinstance(way, Way)
            else asdict(way)
            for way in estimate.all
        ],
    }


def from_json(table: Mapping[str, Any]) -> Estimate:
    """Return the estimate in a JSON object. The costs in it are ignored, and computed again."""
    given = {name: value for name, value in table.items() if name not in {"ways", "answer"}}
    return Estimate(
        **{
            **given,
            "measured": Measured(**table["measured"]),
            "plan": TrainingPlan(**table["plan"]),
            "prices": parse_prices(table["prices"], "prices"),
            "overheads": parse_overheads(table["overheads"]),
        }
    )
