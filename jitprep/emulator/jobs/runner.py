"""Runs jobs of S3 Batch Operations: finds the tasks, invokes the function, writes the report."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Mapping

from jitprep.emulator.data_plane.s3_client import ObjectClient
from jitprep.emulator.jobs import task_invocation
from jitprep.emulator.jobs.files import BadManifest, read_manifest, report_files
from jitprep.emulator.jobs.generation import matching_keys, store_manifest
from jitprep.emulator.jobs.job import RUNNING, BatchJob, JobTask, Manifest, Result, Status
from jitprep.emulator.jobs.manifest_generator import ManifestGenerator
from jitprep.emulator.s3_errors import S3Error
from jitprep.emulator.workers.buffered import invoke_buffered
from jitprep.emulator.workers.function import Function, function_name

_log = logging.getLogger(__name__)
# Retries of a task that failed temporarily; each pause is twice as long as the last one. AWS retries
# "before the job completes", and does not document how often.
_REDRIVES = 3
_PAUSE_S = 0.5


class JobRunner:
    """Runs jobs; a job waits for those of higher priority.

    Parameters
    ----------
    functions
        The functions by name.
    places
        How many invocations of each function can run at the same time.
    objects
        Reads and makes manifests, and writes reports.
    account
        The endpoint's account.
    """

    def __init__(
        self,
        functions: Mapping[str, Function],
        places: Mapping[str, int],
        objects: ObjectClient,
        account: str,
    ) -> None:
        self._functions = functions
        self._places = places
        self._objects = objects
        self._account = account
        self._jobs: list[BatchJob] = []
        self._running: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Condition()

    def start(self, job: BatchJob) -> None:
        """Start a job."""
        self._jobs.append(job)
        running = asyncio.create_task(self._run(job))
        self._running.add(running)
        running.add_done_callback(self._running.discard)

    async def stop(self) -> None:
        """Stop every job, without changing its status."""
        for running in self._running:
            running.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def change(self, change: Callable[[], None]) -> None:
        """Change a job, and wake every task that waits for a change."""
        async with self._changed:
            change()
            self._changed.notify_all()

    async def _run(self, job: BatchJob) -> None:
        try:
            await self._move(job, Status.PREPARING)
            tasks = await self._prepare(job)
            if tasks and await self._confirmed(job):
                await self._perform(job, tasks)
            await self._move(job, Status.COMPLETING)
            await self._report(job)
        except Exception:
            _log.exception("job %s failed", job.id)
            job.fail("InternalError", "The endpoint failed. See its log.")
        ends = {Status.CANCELLING: Status.CANCELLED, Status.FAILING: Status.FAILED}
        await self._move(job, ends.get(job.status, Status.COMPLETE))

    async def _add(self, job: BatchJob, task: JobTask, result: Result) -> None:
        await self.change(lambda: job.add(task, result))

    async def _move(self, job: BatchJob, status: Status) -> None:
        await self.change(lambda: job.move(status))

    async def _prepare(self, job: BatchJob) -> list[JobTask]:
        """Return the job's tasks; an empty list if it has no valid manifest."""
        manifest = job.request.manifest
        try:
            if isinstance(manifest, ManifestGenerator):
                tasks = await self._generate(job, manifest)
            else:
                tasks = await self._read(manifest)
        except BadManifest as error:
            job.fail("InvalidManifestContent", str(error))
            return []
        except S3Error as error:
            verb = "generated" if isinstance(manifest, ManifestGenerator) else "read"
            job.fail(error.code, f"The manifest cannot be {verb}: {error.message}")
            return []
        job.total = len(tasks)
        return tasks

    async def _read(self, manifest: Manifest) -> list[JobTask]:
        body, etag = await self._objects.get(manifest.bucket, manifest.key, manifest.version)
        if etag != manifest.etag:
            raise BadManifest(f"The manifest's ETag is {etag}; the job names {manifest.etag}.")
        return read_manifest(body, manifest)

    async def _generate(self, job: BatchJob, generator: ManifestGenerator) -> list[JobTask]:
        keys = await matching_keys(generator, self._account, self._objects)
        if generator.output is not None:
            bucket, folder = generator.output
            place = bucket, f"{folder}job-{job.id}"
            job.generated = await store_manifest(generator.bucket, keys, place, self._objects)
        return [JobTask(generator.bucket, key, None) for key in keys]

    async def _confirmed(self, job: BatchJob) -> bool:
        """Wait until the job is confirmed and has its turn; return False if it is stopped first."""
        await self._move(job, Status.SUSPENDED if job.request.confirmation else Status.READY)
        async with self._changed:
            await self._changed.wait_for(lambda: job.status is not Status.SUSPENDED)
        return await self._turn(job)

    async def _perform(self, job: BatchJob, tasks: list[JobTask]) -> None:
        """Run every task, and retry those that failed temporarily."""
        for redrive in range(_REDRIVES + 1):
            again = await self._pass(job, tasks, last=redrive == _REDRIVES)
            if not again:
                return
            tasks = again
            await self._pause(job, _PAUSE_S * 2**redrive)

    async def _pass(self, job: BatchJob, tasks: Iterable[JobTask], *, last: bool) -> list[JobTask]:
        """Run tasks in parallel, up to the function's limit; return those to retry."""
        waiting, again = deque(tasks), list[JobTask]()

        async def place() -> None:
            while waiting and await self._turn(job):
                if not waiting:  # other places have taken the rest
                    return
                task = waiting.popleft()
                result = await self._invoke(job, task)
                if result.temporary and not last and not job.stopping:
                    again.append(task)
                else:
                    await self._add(job, task, result)

        name = function_name(job.request.function_arn) or ""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._places.get(name, 1)):
                group.create_task(place())
        return again

    async def _turn(self, job: BatchJob) -> bool:
        """Wait while a job of higher priority runs; return whether this one continues."""
        if not job.stopping and self._outranked(job):
            if job.status is Status.ACTIVE:
                await self._move(job, Status.PAUSED)
            async with self._changed:
                await self._changed.wait_for(lambda: job.stopping or not self._outranked(job))
        if not job.stopping and job.status is not Status.ACTIVE:
            await self._move(job, Status.ACTIVE)
        return not job.stopping

    def _outranked(self, job: BatchJob) -> bool:
        return any(
            other.priority > job.priority and other.status in RUNNING for other in self._jobs
        )

    async def _pause(self, job: BatchJob, seconds: float) -> None:
        """Wait before a retry, unless the job is stopped."""
        async with self._changed:
            try:
                await asyncio.wait_for(self._changed.wait_for(lambda: job.stopping), seconds)
            except TimeoutError:
                return

    async def _invoke(self, job: BatchJob, task: JobTask) -> Result:
        arn, schema = job.request.function_arn, job.request.schema
        function = self._functions.get(function_name(arn) or "")
        if function is None:
            known = ", ".join(sorted(self._functions))
            message = f"Function not found: {arn}. This endpoint runs: {known}."
            return Result(404, "ResourceNotFoundException", message)
        invocation_id, task_id = task_invocation.new_id(), task_invocation.new_id()
        payload = task_invocation.task_event(job, task, invocation_id, task_id)
        outcome = await invoke_buffered(function, payload, str(uuid.uuid4()))
        return task_invocation.task_result(outcome, schema, invocation_id, task_id)

    async def _report(self, job: BatchJob) -> None:
        """Write the report, if one is requested and any task has run."""
        report = job.request.report
        if report is None or not job.results:
            return
        try:
            for key, body in report_files(job, report):
                await self._objects.put(report.bucket, key, body)
        except S3Error as error:
            job.fail(error.code, f"The report cannot be written: {error.message}")
