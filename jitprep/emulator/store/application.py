"""The WSGI application of the S3 inside: the order in which a request is handled."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from jitprep.emulator.control import xml as control_xml
from jitprep.emulator.data_plane.actions import BUCKET_SUBRESOURCES
from jitprep.emulator.request_ids import RequestIds
from jitprep.emulator.s3_errors import S3Error, error_xml
from jitprep.emulator.store import (
    control,
    listings,
    object_reads,
    object_writes,
    request_bodies,
    uploads,
    versions,
)
from jitprep.emulator.store.moto_backend import CONTROL, MotoBackend
from jitprep.emulator.store.request import WsgiRequest, WsgiResponse
from jitprep.emulator.store.subresources import require_supported_subresource

_ERRORS = {
    400: "InvalidRequest",
    403: "AccessDenied",
    404: "NoSuchKey",
    405: "MethodNotAllowed",
    411: "MissingContentLength",
    412: "PreconditionFailed",
    416: "InvalidRange",
}


class StoreApplication:
    """S3 and S3 Control, in memory.

    Parameters
    ----------
    account, region
        The account and region in the ARNs of access points.
    """

    def __init__(self, account: str, region: str) -> None:
        self._moto = MotoBackend(account)
        self._region = region

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer one request."""
        try:
            answer = _as_xml(self._answer(environ))
        except S3Error as error:
            in_control = environ["RAW_URI"].startswith(CONTROL)
            answer = _error_response(
                error, control_xml.control_error_xml if in_control else error_xml
            )
        answer.headers.pop("x-amzn-requestid", None)  # S3 does not send it
        if not answer.body and answer.headers.get("content-type", "").startswith("text/html"):
            del answer.headers["content-type"]  # flask's default
        answer.headers = {**RequestIds.new().headers, **answer.headers}
        if environ["REQUEST_METHOD"] == "HEAD":
            answer.headers.setdefault("content-length", "0")
            answer.body = b""
        elif answer.status not in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}:
            answer.headers["content-length"] = str(len(answer.body))
        status = f"{answer.status} {HTTPStatus(answer.status).phrase}"
        start_response(status, list(answer.headers.items()))
        return [answer.body] if answer.body else []

    def _answer(self, environ: dict[str, Any]) -> WsgiResponse:
        if environ["RAW_URI"].startswith(CONTROL):
            with self._moto.changing:
                return control.answer_control(self._moto, self._region, environ)
        request = WsgiRequest.of(environ)
        request.read_body()  # before the lock, so that a slow upload does not block others
        request_bodies.unchunk(request)
        # moto's changes are not atomic, and it closes an object that is replaced while it is read.
        with self._moto.changing:
            return self._locked(request)

    def _locked(self, request: WsgiRequest) -> WsgiResponse:
        if not request.bucket or request.method == "OPTIONS":
            if request.method == "GET":
                return listings.list_buckets(self._moto, request)
            return self._moto.call(request.environ)
        require_supported_subresource(request)
        self._require_owner(request)
        reads_only = request.method in {"GET", "HEAD"}
        return self._read(request) if reads_only else self._change(request)

    def _read(self, request: WsgiRequest) -> WsgiResponse:
        bucket = self._bucket(request)
        if request.key:
            if "uploadId" in request.query:
                return uploads.list_parts(bucket, request)
            return object_reads.read_object(self._moto, bucket, request)
        if request.method == "GET" and (listing := listings.listing_of(request)):
            return listing(bucket, request)
        return self._moto.call(request.changed(headers={"range": None}))

    def _change(self, request: WsgiRequest) -> WsgiResponse:
        if request.method == "PUT" and not request.key:
            if request.query.keys() & BUCKET_SUBRESOURCES or request.read_body():
                request_bodies.require_document(request)
            if not request.query.keys() & BUCKET_SUBRESOURCES:
                versions.require_bucket_name(request.bucket)
            answer = self._moto.call(request.environ)
            if bucket := self._moto.bucket(request.bucket):
                versions.keep_versions(bucket)
            return answer
        bucket = self._bucket(request)
        if "delete" in request.query and not request.key:
            return versions.delete_objects(self._moto, bucket, request)
        if not request.key:
            return self._moto.call(request.environ)
        if request.method == "DELETE" and not request.query.keys() & {"tagging", "uploadId"}:
            return versions.delete_object(self._moto, bucket, request)
        return object_writes.write_object(self._moto, bucket, request)

    def _bucket(self, request: WsgiRequest) -> Any:
        bucket = self._moto.bucket(request.bucket)
        if bucket is None:
            message = "The specified bucket does not exist"
            raise S3Error(404, "NoSuchBucket", message, {"BucketName": request.bucket})
        return bucket

    def _require_owner(self, request: WsgiRequest) -> None:
        """Raise S3Error, 403, if the client expects another account to own the bucket."""
        for name in ("x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner"):
            if request.header(name) not in {None, self._moto.account}:
                raise S3Error(403, "AccessDenied", "Access Denied")


def _error_response(
    error: S3Error, xml: Callable[[S3Error, RequestIds], bytes] = error_xml
) -> WsgiResponse:
    ids = RequestIds.new()
    body = xml(error, ids)
    headers = {**error.headers, **ids.headers, "content-type": "application/xml"}
    return WsgiResponse(error.status, headers, body)


def _as_xml(answer: WsgiResponse) -> WsgiResponse:
    """Return moto's response; an error without a body, or in HTML, becomes S3's XML."""
    xml = answer.headers.get("content-type", "").partition(";")[0].endswith("xml")
    if answer.status < 400 or (answer.body and xml):
        return answer
    if answer.status >= 500:
        message = f"The S3 inside this endpoint failed with status {answer.status}."
        return _error_response(S3Error(501, "NotImplemented", message))
    phrase = HTTPStatus(answer.status).phrase
    code = _ERRORS.get(answer.status, phrase.title().replace(" ", ""))
    return _error_response(S3Error(answer.status, code, phrase))
