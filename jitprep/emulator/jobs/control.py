"""S3 Control's calls for jobs of S3 Batch Operations."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from starlette.requests import Request
from starlette.responses import Response

from jitprep.emulator.control.s3_control import not_implemented, require_account, xml_response
from jitprep.emulator.jobs import xml as jobs_xml
from jitprep.emulator.jobs.job import ENDED, BatchJob, Status
from jitprep.emulator.jobs.runner import JobRunner
from jitprep.emulator.partitions import partition_of
from jitprep.emulator.s3_errors import S3Error

JOBS_PATH = "/v20180820/jobs"
_LONGEST_LIST = 1000


@dataclass(frozen=True)
class JobsControl:
    """The calls that create, describe, list and update jobs.

    Parameters
    ----------
    runner
        Runs the jobs.
    account, region
        The endpoint's account and region.
    """

    runner: JobRunner
    account: str
    region: str
    _jobs: dict[str, BatchJob] = field(default_factory=dict)

    async def answer(self, request: Request) -> Response:
        """Answer one call."""
        require_account(request, self.account)
        path = request.url.path.removeprefix(JOBS_PATH).strip("/")
        match request.method, path.split("/") if path else []:
            case "POST", []:
                result = self._create(await request.body())
            case "GET", []:
                result = self._list(request)
            case "GET", [job_id]:
                job = self._find(job_id)
                partition, _ = partition_of(self.region)
                arn = f"arn:{partition}:s3:{self.region}:{self.account}:job/{job.id}"
                result = jobs_xml.describe_job_result(job, arn)
            case "POST", [job_id, "status"]:
                result = await self._update_status(self._find(job_id), request)
            case "POST", [job_id, "priority"]:
                result = await self._update_priority(self._find(job_id), request)
            case _:
                raise not_implemented(request)
        return xml_response(result)

    def _create(self, body: bytes) -> ET.Element:
        wanted = jobs_xml.parse_create_job(body)
        for job in self._jobs.values():
            if job.request.token == wanted.token:
                if job.request != wanted:
                    message = "Another job was created with this ClientRequestToken."
                    raise S3Error(400, "IdempotencyException", message)
                return jobs_xml.create_job_result(job)
        job = BatchJob(str(uuid.uuid4()), wanted, wanted.priority)
        self._jobs[job.id] = job
        self.runner.start(job)
        return jobs_xml.create_job_result(job)

    def _list(self, request: Request) -> ET.Element:
        query = request.query_params
        wanted = query.get("maxResults", str(_LONGEST_LIST))
        if not re.fullmatch(r"[0-9]{1,4}", wanted) or int(wanted) > _LONGEST_LIST:
            message = f"maxResults is {wanted!r}; it must be from 0 to {_LONGEST_LIST}."
            raise S3Error(400, "InvalidRequest", message)
        statuses = query.getlist("jobStatuses")
        if unknown := [status for status in statuses if status not in set(Status)]:
            raise S3Error(400, "InvalidRequest", f"{unknown[0]!r} is not the status of a job.")
        after = query.get("nextToken")
        if after is not None and after not in self._jobs:
            raise S3Error(400, "InvalidNextTokenException", f"nextToken {after!r} is not valid.")
        ids = list(self._jobs)
        later = ids[ids.index(after) + 1 :] if after else ids
        jobs = [self._jobs[name] for name in later]
        jobs = [job for job in jobs if not statuses or job.status in statuses]
        page = jobs[: int(wanted)]
        more = len(page) < len(jobs) and page
        return jobs_xml.list_jobs_result(page, page[-1].id if more else None)

    async def _update_status(self, job: BatchJob, request: Request) -> ET.Element:
        wanted = request.query_params.get("requestedJobStatus")
        if wanted not in {Status.CANCELLED, Status.READY}:
            message = f"requestedJobStatus is {wanted!r}; it must be Cancelled or Ready."
            raise S3Error(400, "InvalidRequest", message)

        def change() -> None:
            confirms = wanted == Status.READY
            if job.status in ENDED or (confirms and job.status is not Status.SUSPENDED):
                message = f"Job {job.id} is {job.status}; it cannot become {wanted}."
                raise S3Error(400, "JobStatusException", message)
            job.reason = request.query_params.get("statusUpdateReason")
            job.move(Status.READY if confirms else Status.CANCELLING)

        await self.runner.change(change)
        return jobs_xml.update_status_result(job)

    async def _update_priority(self, job: BatchJob, request: Request) -> ET.Element:
        priority = jobs_xml.parse_priority(request.query_params.get("priority", ""))
        if job.status in ENDED:
            message = f"Job {job.id} is {job.status}; its priority cannot be changed."
            raise S3Error(400, "BadRequestException", message)

        def change() -> None:
            job.priority = priority

        await self.runner.change(change)
        return jobs_xml.update_priority_result(job)

    def _find(self, job_id: str) -> BatchJob:
        job = self._jobs.get(job_id)
        if job is None:
            raise S3Error(404, "NotFoundException", f"The job {job_id} does not exist.")
        return job
