"""Requests as IAM actions on resources, and the policies that allow them."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

import boto3

from jitprep.service import s3
from tests.deploy import stack


class Call(NamedTuple):
    """An action on a resource."""

    action: str
    resource: str


def of_request(method: str, url: str) -> Call:
    """Return the IAM action and the resource of a request to S3."""
    parts = urlsplit(url)
    host, key, query = parts.hostname or "", unquote(parts.path)[1:], parse_qs(parts.query)
    if point := re.fullmatch(r"(.+)-(\d{12})\.s3-accesspoint\.([^.]+)\.amazonaws\.com", host):
        name, account, region = point.groups()
        resource = f"arn:aws:s3:{region}:{account}:accesspoint/{name}/object/{key}"
    else:
        bucket = re.fullmatch(r"(.+)\.s3(\.[a-z0-9-]+)?\.amazonaws\.com", host)
        assert bucket, host
        resource = f"arn:aws:s3:::{bucket[1]}/{key}".removesuffix("/")
    if not key:
        assert (method, query["list-type"]) == ("GET", ["2"])
        return Call("s3:ListBucket", resource)
    action = {"GET": "GetObject", "HEAD": "GetObject", "PUT": "PutObject"}[method]
    return Call(f"s3:{action}{'Version' if 'versionId' in query else ''}", resource)


def access_point(model: str) -> str:
    """Return the ARN of a model's Object Lambda access point."""
    return (
        f"arn:aws:s3-object-lambda:{stack.REGION}:{stack.ACCOUNT}:accesspoint/{stack.NAME}-{model}"
    )


def sent(work: Callable[[], Any]) -> set[Call]:
    """Run a part of the handler and return the calls that it made to S3."""
    found: set[Call] = set()

    def note(request: Any, **_: Any) -> None:
        found.add(of_request(request.method, request.url))

    events = s3.client().meta.events
    events.register("before-send.s3", note)
    try:
        work()
    finally:
        events.unregister("before-send.s3", note)
    return found


@contextmanager
def answered() -> Iterator[tuple[str, set[Call]]]:
    """Run an empty S3 that is asked by path; give its URL and the calls that it receives."""
    found: set[Call] = set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")

        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(200, b"")

        def do_POST(self) -> None:
            self.do_PUT()

        def _answer(self, status: int, body: bytes) -> None:
            bucket, _, key = self.path[1:].partition("/")
            url = f"https://{bucket}.s3.amazonaws.com/{key}"
            answer = Call("s3-object-lambda:WriteGetObjectResponse", access_point("imagenet-uint8"))
            found.add(answer if bucket == answer.action[17:] else of_request(self.command, url))
            self.send_response(status)
            self.send_header("ETag", '"it"')
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", found
        finally:
            server.shutdown()
            serving.join()


def of_role(arn: str) -> list[dict[str, Any]]:
    """Return the statements of a deployed role's policies."""
    iam, name = boto3.client("iam"), arn.rpartition("/")[2]
    assert iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"] == []
    return [
        statement
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
        for statement in iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"][
            "Statement"
        ]
    ]


def of_policy(arn: str) -> list[dict[str, Any]]:
    """Return the statements of a deployed managed policy."""
    version = boto3.client("iam").get_policy_version(PolicyArn=arn, VersionId="v1")
    statements: list[dict[str, Any]] = version["PolicyVersion"]["Document"]["Statement"]
    return statements


def allows(
    statements: Iterable[Mapping[str, Any]], call: Call, context: Mapping[str, str] | None = None
) -> bool:
    """Return whether a statement allows the call; no statement denies."""
    return any(
        _matches(statement, "Action", call.action)
        and _matches(statement, "Resource", call.resource)
        and _meets(statement.get("Condition", {}), context or {})
        for statement in statements
        if _allowing(statement)
    )


def grants(statements: Iterable[Mapping[str, Any]]) -> set[Call]:
    """Return each allowed action with its resource, as the statements spell them."""
    return {
        Call(action, resource)
        for statement in statements
        if _allowing(statement)
        for action in _list(statement["Action"])
        for resource in _list(statement["Resource"])
    }


def _allowing(statement: Mapping[str, Any]) -> bool:
    assert statement["Effect"] == "Allow"
    return True


def _matches(statement: Mapping[str, Any], element: str, value: str) -> bool:
    return any(fnmatchcase(value, pattern) for pattern in _list(statement[element]))


def _meets(conditions: Mapping[str, Mapping[str, Any]], context: Mapping[str, str]) -> bool:
    assert conditions.keys() <= {"StringEquals", "ForAnyValue:StringEquals", "Bool"}
    return all(
        context.get(key) in _list(wanted)
        for operator in conditions.values()
        for key, wanted in operator.items()
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
