"""S3 Control's calls for Object Lambda access points. The S3 inside has all others."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from xml.etree import ElementTree as ET

from starlette.requests import Request
from starlette.responses import Response

from jitprep.emulator.control import policies
from jitprep.emulator.control import xml as control_xml
from jitprep.emulator.control.access_points import AccessPoint, AccessPoints, Configuration, now
from jitprep.emulator.data_plane.s3_client import SupportingAccessPoints
from jitprep.emulator.request_ids import RequestIds
from jitprep.emulator.s3_errors import S3Error

CONTROL_PATH = "/v20180820/accesspointforobjectlambda"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,43}[a-z0-9]")
_ACCOUNT = re.compile(r"[0-9]{12}")
_LONGEST_LIST = 1000


@dataclass(frozen=True)
class S3Control:
    """The calls that create, get, list, configure and delete Object Lambda access points.

    Parameters
    ----------
    access_points
        The registry of access points.
    supporting
        The supporting access points.
    account, region
        The endpoint's account and region.
    """

    access_points: AccessPoints
    supporting: SupportingAccessPoints
    account: str
    region: str

    async def answer(self, request: Request) -> Response:
        """Answer one call."""
        account = require_account(request, self.account)
        path = request.url.path.removeprefix(CONTROL_PATH).strip("/")
        match request.method, path.split("/") if path else []:
            case "GET", []:
                return self._list(account, request)
            case "PUT", [name]:
                return await self._create(account, name, await request.body())
            case "GET", [name]:
                return xml_response(control_xml.access_point_result(self._find(account, name)))
            case "DELETE", [name]:
                self.access_points.remove(self._find(account, name))
                return Response(status_code=204)
            case "GET", [name, "configuration"]:
                return xml_response(control_xml.configuration_result(self._find(account, name)))
            case "PUT", [name, "configuration"]:
                return await self._configure(self._find(account, name), await request.body())
            case _, [name, "policy" | "policyStatus" as what]:
                return await self._policy(self._find(account, name), what, request)
        raise not_implemented(request)

    async def _policy(self, point: AccessPoint, what: str, request: Request) -> Response:
        match request.method, what:
            case "PUT", "policy":
                policy = control_xml.parse_policy(await request.body())
                policies.require_valid_policy(policy)
                self.access_points.add(replace(point, policy=policy))
                return Response(status_code=200)
            case "DELETE", "policy":
                self.access_points.add(replace(point, policy=None))
                return Response(status_code=204)
            case "GET", _ if point.policy is None:
                message = f"Object Lambda access point {point.name} has no policy."
                details = {"AccessPointName": point.name}
                raise S3Error(404, "NoSuchAccessPointPolicy", message, details)
            case "GET", "policy":
                return xml_response(control_xml.policy_result(point.policy or ""))
            case "GET", "policyStatus":
                return xml_response(control_xml.policy_status_result())
        raise not_implemented(request)

    def _find(self, account: str, name: str) -> AccessPoint:
        point = self.access_points.get(account, name)
        if point is None:
            message = f"Account {account} has no Object Lambda access point {name}."
            raise S3Error(404, "NoSuchAccessPoint", message, {"AccessPointName": name})
        return point

    async def _create(self, account: str, name: str, body: bytes) -> Response:
        if not _NAME.fullmatch(name):
            message = (
                f"{name!r} is not a valid name: it must have 3 to 45 of a-z, 0-9 and -, and "
                "must not begin or end with -."
            )
            raise S3Error(400, "InvalidRequest", message)
        if self.access_points.get(account, name) is not None:
            message = f"You already own an Object Lambda access point named {name}."
            raise S3Error(409, "AccessPointAlreadyOwnedByYou", message)
        configuration = control_xml.parse_configuration(body)
        bucket = await self._bucket(configuration)
        point = AccessPoint(name, account, self.region, bucket, configuration, now())
        self.access_points.add(point)
        return xml_response(control_xml.create_access_point_result(point))

    async def _configure(self, point: AccessPoint, body: bytes) -> Response:
        configuration = control_xml.parse_configuration(body)
        bucket = await self._bucket(configuration)
        self.access_points.configure(point, bucket, configuration)
        return Response(status_code=200)

    async def _bucket(self, configuration: Configuration) -> str:
        """Return the bucket of the supporting access point; as on AWS, it never changes."""
        arn = configuration.supporting_access_point
        bucket = await self.supporting.bucket(arn)
        if bucket is None:
            message = f"The supporting access point {arn} does not exist. Create it first."
            raise S3Error(400, "InvalidRequest", message)
        return bucket

    def _list(self, account: str, request: Request) -> Response:
        wanted = request.query_params.get("maxResults", str(_LONGEST_LIST))
        if not re.fullmatch(r"[0-9]{1,4}", wanted) or int(wanted) > _LONGEST_LIST:
            message = f"maxResults is {wanted!r}; it must be from 0 to {_LONGEST_LIST}."
            raise S3Error(400, "InvalidRequest", message)
        after = request.query_params.get("nextToken", "")
        points = [p for p in self.access_points.of_account(account) if p.name > after]
        page = points[: int(wanted)]
        more = len(page) < len(points) and page
        return xml_response(
            control_xml.list_access_points_result(page, page[-1].name if more else None)
        )


def require_account(request: Request, own: str) -> str:
    """Return the requested account. Raises S3Error unless it is the endpoint's own."""
    account = request.headers.get("x-amz-account-id")
    if account is None:
        message = "Missing required header for this request: x-amz-account-id"
        raise S3Error(400, "InvalidRequest", message)
    if not _ACCOUNT.fullmatch(account):
        raise S3Error(
            400, "InvalidRequest", f"AccountId is {account!r}; it must have twelve digits."
        )
    if account != own:
        raise S3Error(403, "AccessDenied", f"The credentials belong to account {own}.")
    return account


def control_error_response(error: S3Error, ids: RequestIds) -> Response:
    """Return the HTTP response that carries ``error``, in S3 Control's form."""
    return Response(
        control_xml.control_error_xml(error, ids), error.status, ids.headers, "application/xml"
    )


def not_implemented(request: Request) -> S3Error:
    """Return the error of a call that the endpoint does not implement."""
    message = f"This endpoint does not implement {request.method} {request.url.path}."
    return S3Error(501, "NotImplemented", message)


def xml_response(element: ET.Element) -> Response:
    """Return the HTTP response that carries a result."""
    return Response(ET.tostring(element, "utf-8"), media_type="application/xml")
