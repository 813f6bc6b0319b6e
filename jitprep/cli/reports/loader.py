"""Report of a measured loader: what it gave, where the time went, what limits it, and what to change."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

from jitprep.cli.console import out
from jitprep.cli.reading.measurement import LoaderRun
from jitprep.cli.reading.stages import SampleStages
from jitprep.cli.reading.verdict import LIMITS, Verdict


@dataclass(frozen=True, kw_only=True)
class LoaderReport:
    """What `jitprep read` found.

    Parameters
    ----------
    address : str
    pipeline : str or None
        What this machine runs.
    asked : int
        Batches that were asked for.
    run : LoaderRun
    stages : SampleStages or None
    verdict : Verdict
    """

    address: str
    pipeline: str | None
    asked: int
    run: LoaderRun
    stages: SampleStages | None
    verdict: Verdict

    @property
    def worker_ms(self) -> dict[str, float]:
        """A worker's time per image in ms, by what it was for. The sum is all of its time."""
        run, stages = self.run, self.stages
        used = run.per_image_ms(run.worker_use.cpu_s)
        queued = run.per_image_ms(run.worker_use.queued_s)
        idle = max(run.per_image_ms(run.worker_s) - used - queued, 0.0)
        waits = {"cpu_wait": queued, "idle": idle}
        if stages is None:
            return {"compute": used, **waits}
        # Stages are measured one after the other, and may take longer than they did in the run.
        scale = min(used / max(stages.read_cpu_ms + stages.transform_cpu_ms, 1e-9), 1.0)
        read, transform = stages.read_cpu_ms * scale, stages.transform_cpu_ms * scale
        return {
            "read": read,
            "transform": transform,
            "other": max(used - read - transform, 0.0),
            **waits,
        }


_SHORT_S = 1.0
_STAGES = {
    "read": "reads bytes",
    "transform": "decodes and transforms",
    "compute": "computes",
    "other": "does the rest: tasks, rows, messages",
    "cpu_wait": "waits for a CPU",
    "idle": "waits for bytes, or for the loop",
}


def report_as_json(report: LoaderReport) -> dict[str, Any]:
    """Return a report as a JSON object."""
    run, stats, stages = report.run, report.run.stats, report.stages
    return {
        "address": report.address,
        "pipeline": report.pipeline,
        "batch_size": run.batch_size,
        "batches_asked": report.asked,
        **asdict(stats),
        "images_per_s": stats.images_per_s,
        "waited_share": stats.waited_share,
        "workers": run.workers,
        "cpus": run.cpus,
        "step_ms": run.step_ms,
        "max_remote": run.max_remote,
        "model_images_per_s": run.model_images_per_s,
        "start_s": run.start_s,
        "cpu_ms_per_image": run.cpu_ms,
        "worker_ms_per_image": report.worker_ms,
        "stages": None if stages is None else asdict(stages),
        "limit": report.verdict.limit.value,
        "remedy": report.verdict.remedy,
        "overflow_price": report.verdict.overflow and asdict(report.verdict.overflow),
    }


def print_report(report: LoaderReport) -> None:
    """Print a report."""
    run, stats = report.run, report.run.stats
    out.print(_title(report), soft_wrap=True, markup=False)
    table = Table("a worker's time per image", "ms", show_edge=False)
    table.columns[1].justify = "right"
    for name, ms in report.worker_ms.items():
        table.add_row(_STAGES[name], f"{ms:.2f}")
    model = "" if run.step_ms is None else f", {run.step_ms:g} ms per batch for the model"
    elsewhere = f"; {stats.remote:,} images by the overflow" if run.max_remote else ""
    left_out = f"; {_count(stats.skipped, 'bad object')} left out" if stats.skipped else ""
    lines = (
        f"{stats.images_per_s:,.0f} images/s: {_batches(stats.batches)} of {run.batch_size}{model}"
        f"{elsewhere}{left_out}",
        f"The loop waited {stats.waited_s:.2f} s of {stats.seconds:.2f} s "
        f"({stats.waited_share:.0%}), and {run.start_s:.2f} s for the first batch.",
        f"{run.cpu_ms:.2f} ms of CPU per image in all processes; {_count(run.workers, 'worker')} on "
        f"{_count(run.cpus, 'CPU')}.",
    )
    out.print("\n".join(lines), soft_wrap=True, markup=False)
    out.print(table)
    if stats.seconds < _SHORT_S:
        out.print("The run was short, so these figures are rough.")
    end = f"Limit: {LIMITS[report.verdict.limit]}\nRemedy: {report.verdict.remedy}."
    out.print(end, soft_wrap=True, markup=False)


def _title(report: LoaderReport) -> str:
    title = report.address if report.pipeline is None else f"{report.address}: {report.pipeline}"
    batches = report.run.stats.batches
    if batches == report.asked:
        return title
    there = "is" if batches == 1 else "are"
    return f"{title}\nThere {there} {_batches(batches)}, fewer than the {report.asked:,} asked for."


def _batches(number: int) -> str:
    return f"{number:,} batch{'' if number == 1 else 'es'}"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
