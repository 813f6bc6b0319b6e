"""`jitprep backfill`: run a pipeline over a bucket's objects, and store the results."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, suppress
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from botocore.exceptions import BotoCoreError, ClientError

from jitprep.backfill.aws import sdk_client
from jitprep.backfill.engines import local
from jitprep.backfill.engines.s3_batch import BatchJobs, BatchSettings
from jitprep.backfill.job import BackfillJob, CannotBackfill, OutputFormat
from jitprep.backfill.listing import ListedObject, ListingCounts
from jitprep.backfill.outcome import TaskOutcome, sdk_message
from jitprep.backfill.planning.plan import plan_tasks
from jitprep.backfill.tasks import BackfillTask
from jitprep.backfill.worker import TaskWorker
from jitprep.cli.console import PIPELINE, err, fail, out, parse_path, pipeline_argument, progress
from jitprep.cli.local.interrupt import Interruption, catch_interrupts
from jitprep.cli.reports.backfill import ProgressReport, reporting
from jitprep.cli.reports.s3_job import add_outcome, watch
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
    column: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Column of the samples, where the originals are rows of Parquet tables.",
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
    job_folder: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="For s3-batch: the folder for lists and reports, which the function may not write to.",
        ),
    ] = None,
    manifest_generator: Annotated[
        bool,
        typer.Option(
            "--manifest-generator",
            help="For s3-batch: let S3 list the originals, also those with current copies.",
        ),
    ] = False,
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
    if column is not None and (shards or engine is Engine.S3_BATCH):
        fail(
            "--column excludes --shards, since each row group is a shard, and --engine s3-batch", 2
        )
    if manifest_generator and (engine is not Engine.S3_BATCH or dry_run):
        fail("--manifest-generator needs --engine s3-batch, and excludes --dry-run", 2)
    by_s3 = _batch_settings(engine, function_arn, role_arn, job_folder)
    _require_extras(engine, tables=form == "parquet" or column is not None)
    job = _job(source, to, pipeline, seed, form, column)
    with catch_interrupts() as interruption:
        try:
            counts = ListingCounts()
            tasks = plan_tasks(sdk_client("s3"), job, shards, counts)
            if dry_run:
                _print_plan(job, tasks, counts)
                return
            with reporting(errors, counts) as report:
                if by_s3 is not None:
                    jobs = BatchJobs(sdk_client("s3"), sdk_client("s3control"), job, by_s3)
                    left = None if manifest_generator else _left(job, tasks, report)
                    _by_s3(jobs, left, report, interruption, wait=wait)
                else:
                    _by_workers(job, tasks, engine, processes, report, interruption)
        except ClientError as error:
            fail(sdk_message(error))
        except (CannotBackfill, BotoCoreError, OSError, ValueError) as error:
            fail(str(error))
        except KeyboardInterrupt:
            _interrupted("run the same command to resume", interruption)


def _job(
    source: str, to: str, pipeline: str, seed: int, form: OutputFormat, column: str | None
) -> BackfillJob:
    made = pipeline_argument(pipeline)
    try:
        return BackfillJob(
            S3Prefix.from_url(source),
            S3Prefix.from_url(to).folder,
            made,
            seed,
            form,
            config().policy.limits,
            column,
        )
    except (CannotBackfill, ValueError) as error:
        fail(str(error), 2)


def _batch_settings(
    engine: Engine, function_arn: str | None, role_arn: str | None, folder: str | None
) -> BatchSettings | None:
    if engine is not Engine.S3_BATCH:
        if function_arn or role_arn or folder:
            fail("--function-arn, --role-arn and --job-folder need --engine s3-batch", 2)
        return None
    if not (function_arn and role_arn and folder):
        fail("--engine s3-batch needs --function-arn, --role-arn and --job-folder", 2)
    try:
        return BatchSettings(function_arn, role_arn, S3Prefix.from_url(folder).folder)
    except (CannotBackfill, ValueError) as error:
        fail(str(error), 2)


def _require_extras(engine: Engine, *, tables: bool) -> None:
    for wanted, module, extra in (
        (engine is Engine.RAY, "ray", "ray"),
        (tables, "pyarrow", "parquet"),
    ):
        if wanted and find_spec(module) is None:
            fail(f"{module} is not installed: pip install 'jitprep[{extra}]'", 2)


def _print_plan(job: BackfillJob, tasks: Iterator[BackfillTask], counts: ListingCounts) -> None:
    """Print how much there is to do."""
    worker = TaskWorker(job)
    originals = size = left = shards = 0
    with err.status("listing objects, and checking existing copies"):
        for task in tasks:
            shards += 1
            originals += len(task.originals)
            size += sum(original.size for original in task.originals)
            left += len(worker.left(task))
    in_shards = "" if job.format == "objects" else f", in {shards:,} shards"
    hidden = f", {counts.hidden:,} hidden ones skipped" if counts.hidden else ""
    out.print(
        f"{originals:,} originals of {size:,} bytes{in_shards}: {originals - left:,} already there, "
        f"{left:,} to do{hidden}",
        soft_wrap=True,
    )


def _by_workers(
    job: BackfillJob,
    tasks: Iterator[BackfillTask],
    engine: Engine,
    processes: int | None,
    report: ProgressReport,
    interruption: Interruption,
) -> None:
    with suppress(KeyboardInterrupt):
        if engine is Engine.RAY:
            from jitprep.backfill.engines import ray  # noqa: PLC0415  an extra

            _follow_tasks(job, ray.run(job, tasks, processes), report)
        else:
            number = processes or os.cpu_count() or 1
            with interruption.held():
                _follow_tasks(job, local.run(job, tasks, number, interruption), report)
    if interruption():
        report.show()
        _interrupted("run the same command to resume", interruption)
    report.finish()


def _follow_tasks(
    job: BackfillJob, outcomes: Generator[TaskOutcome], report: ProgressReport
) -> None:
    with closing(outcomes), progress() as bars:
        bar = bars.add_task(str(job.pipeline), total=None)
        try:
            for outcome in outcomes:
                report.add(outcome)
                bars.update(bar, advance=outcome.objects, total=report.originals)
        except (CannotBackfill, BotoCoreError, ClientError):
            report.show_if_any()
            raise


def _by_s3(
    jobs: BatchJobs,
    left: Iterable[ListedObject] | None,
    report: ProgressReport,
    interruption: Interruption,
    *,
    wait: bool,
) -> None:
    """Run a job for what is left, or for what S3 lists where that is None."""
    job_id = jobs.under_way()
    if job_id is None:
        job_id = jobs.create_with_generator() if left is None else jobs.create(left)
    if job_id is None:
        report.finish()
        return
    out.print(f"S3 Batch Operations job {job_id}", soft_wrap=True)
    if not wait:
        return
    try:
        ended = watch(jobs, job_id)
    except KeyboardInterrupt:
        _interrupted("the S3 job continues; run the same command to follow it", interruption)
    add_outcome(jobs, job_id, ended, report)
    report.finish()


def _left(
    job: BackfillJob, tasks: Iterable[BackfillTask], report: ProgressReport
) -> Iterator[ListedObject]:
    """Yield the originals without a current copy, and report the others."""
    worker = TaskWorker(job)
    with err.status("listing objects, and checking existing copies"):
        for task in tasks:
            left = worker.left(task)
            report.add(TaskOutcome(already=len(task.originals) - len(left)))
            yield from left


def _interrupted(and_now: str, interruption: Interruption) -> NoReturn:
    err.print(f"interrupted; {and_now}", soft_wrap=True)
    interruption.leave()
