"""`jitprep backfill`: run a pipeline over a bucket's objects, and store the results."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable
from contextlib import closing, suppress
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from botocore.exceptions import BotoCoreError, ClientError

from jitprep.backfill.aws import sdk_client
from jitprep.backfill.engines import local
from jitprep.backfill.engines.s3_batch import BatchFunction, BatchJobs
from jitprep.backfill.job import BackfillJob, CannotBackfill, OutputFormat
from jitprep.backfill.listing import ListedObject
from jitprep.backfill.outcome import Failure, TaskOutcome, sdk_message
from jitprep.backfill.tasks import BackfillTask, plan_tasks
from jitprep.backfill.worker import TaskWorker
from jitprep.cli.backfill_report import ProgressReport, reporting
from jitprep.cli.console import PIPELINE, err, fail, out, parse_path, parse_pipeline, progress
from jitprep.cli.interrupt import Interruption, catch_interrupts
from jitprep.service.config import config
from jitprep.service.s3_names import S3Prefix
from preprocessing.rng import LARGEST_SEED


class Engine(StrEnum):
    """Where tasks run."""

    LOCAL = "local"
    RAY = "ray"
    S3_BATCH = "s3-batch"


def backfill(
    source: Annotated[
        str,
        typer.Argument(metavar="SOURCE", help="The originals: s3://bucket, or s3://bucket/prefix."),
    ],
    *,
    pipeline: Annotated[str, typer.Option(metavar="PIPELINE", help=PIPELINE)],
    to: Annotated[
        str, typer.Option(metavar="URL", help="Folder for the copies: s3://bucket/prefix.")
    ],
    seed: Annotated[
        int, typer.Option(min=0, max=LARGEST_SEED, help="Seed of random transforms.")
    ] = 0,
    form: Annotated[
        OutputFormat,
        typer.Option(
            "--format", help="One object per original, or shards: WebDataset's tar, or Parquet."
        ),
    ] = "objects",
    shards: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=99_999,
            help="Number of shards. Default: as in the target, or one per thousand originals.",
        ),
    ] = None,
    engine: Annotated[
        Engine, typer.Option(help="This machine, Ray, or the function through S3 Batch Operations.")
    ] = Engine.LOCAL,
    processes: Annotated[
        int | None,
        typer.Option(min=1, help="Processes to run at once. Default: one per CPU."),
    ] = None,
    function_arn: Annotated[
        str | None, typer.Option(metavar="ARN", help="For s3-batch: the function to invoke.")
    ] = None,
    role_arn: Annotated[
        str | None, typer.Option(metavar="ARN", help="For s3-batch: the role that S3 assumes.")
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="For s3-batch: whether to wait for the job.")
    ] = True,
    errors: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", parser=parse_path, help="File for all failures, one line of JSON each."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only print how much there is to do.")
    ] = False,
) -> None:
    """Run a pipeline over a bucket, and store the results.

    Current copies in the target are kept, so that the same command resumes an interrupted run. An object
    that fails is reported at the end, and does not stop the others.
    """
    if shards and form == "objects":
        fail("--shards needs --format tar or parquet", 2)
    function = _function(engine, function_arn, role_arn)
    _require_extras(engine, form)
    job = _job(source, to, pipeline, seed, form)
    with catch_interrupts() as interruption:
        try:
            hidden: list[str] = []
            with err.status("listing objects"):
                tasks = plan_tasks(sdk_client("s3"), job, shards, hidden)
            if dry_run:
                _print_plan(job, tasks, len(hidden))
                return
            with reporting(errors) as report:
                report.skip(len(hidden))
                if function is not None:
                    _by_s3(job, tasks, function, report, interruption, wait=wait)
                else:
                    _by_workers(job, tasks, engine, processes, report, interruption)
        except ClientError as error:
            fail(sdk_message(error))
        except (CannotBackfill, BotoCoreError, OSError, ValueError) as error:
            fail(str(error))
        except KeyboardInterrupt:
            _interrupted("run the same command to resume", interruption)


def _job(source: str, to: str, pipeline: str, seed: int, form: OutputFormat) -> BackfillJob:
    made = parse_pipeline(pipeline)
    try:
        return BackfillJob(
            S3Prefix.from_url(source),
            S3Prefix.from_url(to).folder,
            made,
            seed,
            form,
            config().policy.limits,
        )
    except (CannotBackfill, ValueError) as error:
        fail(str(error), 2)


def _function(engine: Engine, arn: str | None, role_arn: str | None) -> BatchFunction | None:
    if engine is not Engine.S3_BATCH:
        if arn or role_arn:
            fail("--function-arn and --role-arn need --engine s3-batch", 2)
        return None
    if not (arn and role_arn):
        fail("--engine s3-batch needs --function-arn and --role-arn", 2)
    try:
        return BatchFunction(arn, role_arn)
    except CannotBackfill as error:
        fail(str(error), 2)


def _require_extras(engine: Engine, form: OutputFormat) -> None:
    for wanted, module, extra in (
        (engine is Engine.RAY, "ray", "ray"),
        (form == "parquet", "pyarrow", "parquet"),
    ):
        if wanted and find_spec(module) is None:
            fail(f"{module} is not installed: pip install 'jitprep[{extra}]'", 2)


def _print_plan(job: BackfillJob, tasks: list[BackfillTask], hidden: int) -> None:
    """Print how much there is to do."""
    left, originals = len(_left(job, tasks)), _count(tasks)
    size = sum(original.size for task in tasks for original in task.originals)
    shards = "" if job.format == "objects" else f", in {len(tasks):,} shards"
    out.print(
        f"{originals:,} originals of {size:,} bytes{shards}: {originals - left:,} already there, "
        f"{left:,} to do{f', {hidden:,} hidden ones skipped' if hidden else ''}",
        soft_wrap=True,
    )


def _by_workers(
    job: BackfillJob,
    tasks: list[BackfillTask],
    engine: Engine,
    processes: int | None,
    report: ProgressReport,
    interruption: Interruption,
) -> None:
    with suppress(KeyboardInterrupt):
        if engine is Engine.RAY:
            from jitprep.backfill.engines import ray  # noqa: PLC0415  an extra

            _follow_tasks(job, tasks, ray.run(job, tasks, processes), report)
        else:
            number = processes or os.cpu_count() or 1
            with interruption.held():
                outcomes = local.run(job, tasks, number, interruption)
                _follow_tasks(job, tasks, outcomes, report)
    if interruption():
        report.show()
        _interrupted("run the same command to resume", interruption)
    report.finish()


def _follow_tasks(
    job: BackfillJob,
    tasks: list[BackfillTask],
    outcomes: Generator[TaskOutcome],
    report: ProgressReport,
) -> None:
    with closing(outcomes), progress() as bars:
        bar = bars.add_task(str(job.pipeline), total=_count(tasks))
        for outcome in outcomes:
            report.add(outcome)
            bars.advance(bar, outcome.objects)


def _by_s3(
    job: BackfillJob,
    tasks: list[BackfillTask],
    function: BatchFunction,
    report: ProgressReport,
    interruption: Interruption,
    *,
    wait: bool,
) -> None:
    jobs = BatchJobs(sdk_client("s3"), sdk_client("s3control"), job, function)
    job_id = jobs.under_way()
    if job_id is None:
        left = _left(job, tasks)
        report.add(TaskOutcome(already=_count(tasks) - len(left)))
        if not left:
            report.finish()
            return
        job_id = jobs.create(left)
    out.print(f"S3 Batch Operations job {job_id}", soft_wrap=True)
    if wait:
        _follow(jobs, job_id, report, interruption)


def _follow(
    jobs: BatchJobs, job_id: str, report: ProgressReport, interruption: Interruption
) -> None:
    try:
        with progress() as bars:
            bar = bars.add_task(job_id, total=None)
            for now in jobs.follow(job_id):
                ended = now.succeeded + now.failed
                bars.update(bar, total=now.total or None, completed=ended, description=now.status)
    except KeyboardInterrupt:
        _interrupted("the S3 job continues; run the same command to follow it", interruption)
    report.add(TaskOutcome(now.succeeded, failures=_failures(jobs, job_id, now.failed)))
    if now.status != "Complete":
        report.note(f"the S3 job ended as {now.status}: {now.reasons or 'S3 gave no reason'}")
    report.finish()


def _failures(jobs: BatchJobs, job_id: str, number: int) -> tuple[Failure, ...]:
    try:
        return tuple(jobs.failures(job_id)) if number else ()
    except ClientError as error:
        why = f"the report of its failures cannot be read: {sdk_message(error)}"
        return (Failure(f"S3 job {job_id}", why, number),)


def _left(job: BackfillJob, tasks: Iterable[BackfillTask]) -> list[ListedObject]:
    worker = TaskWorker(job)
    with err.status("checking existing copies"):
        return [original for task in tasks for original in worker.left(task)]


def _count(tasks: Iterable[BackfillTask]) -> int:
    return sum(len(task.originals) for task in tasks)


def _interrupted(and_now: str, interruption: Interruption) -> NoReturn:
    err.print(f"interrupted; {and_now}", soft_wrap=True)
    interruption.leave()
