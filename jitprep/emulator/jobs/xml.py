"""S3 Control's XML for jobs: parses requests, and writes results."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from xml.etree import ElementTree as ET

from jitprep.emulator.control.xml import invalid_request, parse_document, result_root, write_text
from jitprep.emulator.jobs.elements import bucket_of, not_supported, parse_boolean, require_part
from jitprep.emulator.jobs.generator_xml import parse_generator
from jitprep.emulator.jobs.job import BatchJob, CompletionReport, JobRequest, Manifest
from jitprep.emulator.jobs.manifest_generator import FORMAT, ManifestGenerator
from jitprep.emulator.workers.function import function_name

_ROLE = re.compile(r"arn:[^:]+:iam::\d{12}:role/.*")
_OBJECT = re.compile(r"arn:[^:]+:s3:::(?P<bucket>[^/]+)/(?P<key>.+)", re.DOTALL)
_FIELDS = frozenset({"Ignore", "Bucket", "Key", "VersionId"})
_SCHEMAS = ("1.0", "2.0")
_MANIFEST_FORMAT = "S3BatchOperations_CSV_20180820"
_REPORT_FORMAT = "Report_CSV_20180820"
_SCOPES = ("AllTasks", "FailedTasksOnly")
_LARGEST_PRIORITY = 2**31 - 1
_MOST_ARGUMENTS, _LONGEST_NAME, _LONGEST_VALUE = 10, 64, 1024
_SHOWN = ("Manifest", "ManifestGenerator", "Operation", "Report")
_LONGEST_TOKEN, _LONGEST_DESCRIPTION = 64, 256


def parse_create_job(body: bytes) -> JobRequest:
    """Parse a CreateJob.

    Raises
    ------
    S3Error
        MalformedXML if the document is not valid, InvalidRequest if a value is not allowed,
        NotImplemented if the endpoint does not support the request.
    """
    root = parse_document(body)
    invoke = _lambda_invoke(require_part(root, "Operation"))
    description = root.findtext("Description")
    if description is not None and not 1 <= len(description) <= _LONGEST_DESCRIPTION:
        raise invalid_request(f"Description must have 1 to {_LONGEST_DESCRIPTION} characters.")
    token = root.findtext("ClientRequestToken", "")
    if not 1 <= len(token) <= _LONGEST_TOKEN:
        raise invalid_request(f"ClientRequestToken must have 1 to {_LONGEST_TOKEN} characters.")
    role = root.findtext("RoleArn", "")
    if not _ROLE.fullmatch(role):
        raise invalid_request(f"RoleArn {role!r} is not the ARN of a role.")
    report = require_part(root, "Report")
    return JobRequest(
        function_arn=_function(invoke),
        schema=_choice(invoke, "InvocationSchemaVersion", _SCHEMAS, default="1.0"),
        arguments=_arguments(invoke),
        manifest=_manifest_or_generator(root),
        report=_report(report),
        priority=parse_priority(root.findtext("Priority", "")),
        role_arn=role,
        description=description,
        confirmation=parse_boolean(root, "ConfirmationRequired", "false"),
        token=token,
        shown=tuple(part for name in _SHOWN if (part := root.find(name)) is not None),
    )


def _manifest_or_generator(root: ET.Element) -> Manifest | ManifestGenerator:
    manifest, generator = root.find("Manifest"), root.find("ManifestGenerator")
    if (manifest is None) is (generator is None):
        raise invalid_request("A job must have either a Manifest or a ManifestGenerator.")
    return parse_generator(generator) if generator is not None else _manifest(manifest)


def parse_priority(text: str) -> int:
    """Parse a priority. Raises S3Error, InvalidRequest."""
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) > _LARGEST_PRIORITY:
        raise invalid_request(f"Priority is {text!r}; it must be from 0 to {_LARGEST_PRIORITY}.")
    return int(text)


def create_job_result(job: BatchJob) -> ET.Element:
    """Return the result of CreateJob."""
    return _texts("CreateJobResult", JobId=job.id)


def update_status_result(job: BatchJob) -> ET.Element:
    """Return the result of UpdateJobStatus."""
    return _texts(
        "UpdateJobStatusResult", JobId=job.id, Status=job.status, StatusUpdateReason=job.reason
    )


def update_priority_result(job: BatchJob) -> ET.Element:
    """Return the result of UpdateJobPriority."""
    return _texts("UpdateJobPriorityResult", JobId=job.id, Priority=str(job.priority))


def describe_job_result(job: BatchJob, arn: str) -> ET.Element:
    """Return the result of DescribeJob."""
    root = result_root("DescribeJobResult")
    element = ET.SubElement(root, "Job")
    _write_summary(element, job)
    write_text(element, "JobArn", arn)
    write_text(element, "ConfirmationRequired", str(job.request.confirmation).lower())
    write_text(element, "RoleArn", job.request.role_arn)
    element.extend(job.request.shown)
    if job.generated is not None:
        generated = ET.SubElement(element, "GeneratedManifestDescriptor")
        write_text(generated, "Format", FORMAT)
        location = ET.SubElement(generated, "Location")
        write_text(location, "ObjectArn", job.generated.arn)
        write_text(location, "ETag", job.generated.etag)
    if job.reason is not None:
        write_text(element, "StatusUpdateReason", job.reason)
    if job.failure is not None:
        code, message = job.failure
        member = ET.SubElement(ET.SubElement(element, "FailureReasons"), "member")
        write_text(member, "FailureCode", code)
        write_text(member, "FailureReason", message)
    return root


def list_jobs_result(jobs: Iterable[BatchJob], next_token: str | None) -> ET.Element:
    """Return the result of ListJobs."""
    root = result_root("ListJobsResult")
    parent = ET.SubElement(root, "Jobs")
    for job in jobs:
        member = ET.SubElement(parent, "member")
        _write_summary(member, job)
        write_text(member, "Operation", "LambdaInvoke")
    if next_token is not None:
        write_text(root, "NextToken", next_token)
    return root


def _write_summary(element: ET.Element, job: BatchJob) -> None:
    """Write the fields of a job that both DescribeJob and ListJobs return."""
    write_text(element, "JobId", job.id)
    if job.request.description is not None:
        write_text(element, "Description", job.request.description)
    write_text(element, "Priority", str(job.priority))
    write_text(element, "Status", job.status)
    write_text(element, "CreationTime", _time(job.created))
    if job.ended is not None:
        write_text(element, "TerminationDate", _time(job.ended))
    progress = ET.SubElement(element, "ProgressSummary")
    write_text(progress, "TotalNumberOfTasks", str(job.total))
    write_text(progress, "NumberOfTasksSucceeded", str(len(job.results) - job.failed))
    write_text(progress, "NumberOfTasksFailed", str(job.failed))
    timers = ET.SubElement(progress, "Timers")
    write_text(timers, "ElapsedTimeInActiveSeconds", str(job.active_s))


def _lambda_invoke(operation: ET.Element) -> ET.Element:
    names = [child.tag for child in operation]
    if len(names) != 1:
        raise invalid_request("Operation must name exactly one operation.")
    if names != ["LambdaInvoke"]:
        raise not_supported(f"the operation {names[0]}; use LambdaInvoke")
    return operation[0]


def _function(invoke: ET.Element) -> str:
    arn = invoke.findtext("FunctionArn", "")
    if function_name(arn) is None:
        raise invalid_request(f"FunctionArn {arn!r} is not the ARN of a Lambda function.")
    return arn


def _arguments(invoke: ET.Element) -> dict[str, str] | None:
    element = invoke.find("UserArguments")
    if element is None:
        return None
    if invoke.findtext("InvocationSchemaVersion") != "2.0":
        raise invalid_request("UserArguments requires InvocationSchemaVersion 2.0.")
    found = {
        entry.findtext("key", ""): entry.findtext("value", "")
        for entry in element.iterfind("entry")
    }
    if not 1 <= len(found) <= _MOST_ARGUMENTS:
        raise invalid_request(f"UserArguments must have 1 to {_MOST_ARGUMENTS} entries.")
    for name, value in found.items():
        if not 1 <= len(name) <= _LONGEST_NAME or len(value) > _LONGEST_VALUE:
            raise invalid_request(
                f"UserArguments {name[:_LONGEST_NAME]!r}: names have 1 to {_LONGEST_NAME} characters, "
                f"values at most {_LONGEST_VALUE}."
            )
    return found


def _manifest(element: ET.Element | None) -> Manifest:
    assert element is not None
    spec, location = require_part(element, "Spec"), require_part(element, "Location")
    kind = spec.findtext("Format", "")
    if kind != _MANIFEST_FORMAT:
        raise not_supported(f"the manifest format {kind!r}; use {_MANIFEST_FORMAT}")
    fields = tuple(member.text or "" for member in spec.iterfind("Fields/member"))
    if not {"Bucket", "Key"} <= set(fields) <= _FIELDS:
        raise invalid_request("Fields must name Bucket and Key, and may name VersionId and Ignore.")
    arn = location.findtext("ObjectArn", "")
    place = _OBJECT.fullmatch(arn)
    if place is None:
        raise invalid_request(f"ObjectArn {arn!r} is not the ARN of an object.")
    etag = location.findtext("ETag", "").strip('"')
    if not etag:
        raise invalid_request("Location has no ETag.")
    version = location.findtext("ObjectVersionId")
    return Manifest(place["bucket"], place["key"], version, etag, fields)


def _report(element: ET.Element) -> CompletionReport | None:
    if not parse_boolean(element, "Enabled", ""):
        return None
    bucket = bucket_of(element, "Bucket")
    _choice(element, "Format", (_REPORT_FORMAT,))
    scope = _choice(element, "ReportScope", _SCOPES)
    prefix = element.findtext("Prefix", "").strip("/")
    return CompletionReport(bucket, f"{prefix}/" if prefix else "", scope == "FailedTasksOnly")


def _choice(
    element: ET.Element, name: str, choices: tuple[str, ...], default: str | None = None
) -> str:
    text = element.findtext(name, default)
    if text not in choices:
        raise invalid_request(f"{name} {text!r} is not one of {', '.join(choices)}.")
    return text


def _texts(root: str, **texts: str | None) -> ET.Element:
    element = result_root(root)
    for name, text in texts.items():
        if text is not None:
            write_text(element, name, text)
    return element


def _time(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
