"""S3 Control's XML for access points: parses configurations, and writes results."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from jitprep.emulator.control.access_points import AccessPoint, Configuration, Transformation
from jitprep.emulator.request_ids import RequestIds
from jitprep.emulator.s3_errors import S3Error
from jitprep.emulator.s3_xml import DECLARATION, xml_elements
from jitprep.emulator.workers.function import function_name

_NAMESPACE = "http://awss3control.amazonaws.com/doc/2018-08-20/"
_ACTIONS = frozenset({"GetObject", "HeadObject", "ListObjects", "ListObjectsV2"})
_FEATURES = frozenset(
    {"GetObject-Range", "GetObject-PartNumber", "HeadObject-Range", "HeadObject-PartNumber"}
)
_PUBLIC_ACCESS_BLOCK = (
    "BlockPublicAcls",
    "IgnorePublicAcls",
    "BlockPublicPolicy",
    "RestrictPublicBuckets",
)
_BOOLEANS = {"true": True, "false": False}
_LONGEST_SUPPORTING = 2048
_LONGEST_FUNCTION = 1024
_SUPPORTING = re.compile(r"arn:[^:]+:s3:[^:]*:\d{12}:accesspoint/.+")


def parse_configuration(body: bytes) -> Configuration:
    """Parse the configuration in the body of a create or put request.

    Raises
    ------
    S3Error
        MalformedXML if the document is not valid, InvalidRequest if a value is not allowed.
    """
    return _configuration(_child(body, "Configuration"))


def parse_policy(body: bytes) -> str:
    """Parse the policy in the body of a put request. Raises S3Error, MalformedXML."""
    return _child(body, "Policy").text or ""


def parse_document(body: bytes) -> ET.Element:
    """Return a document's root, without namespaces. Raises S3Error, MalformedXML."""
    try:
        root = ET.fromstring(body)  # noqa: S314 - expat itself limits entity expansion
    except ET.ParseError as error:
        raise S3Error(400, "MalformedXML", f"The XML is not well-formed: {error}.") from error
    for child in root.iter():
        child.tag = child.tag.rpartition("}")[2]
    return root


def _child(body: bytes, name: str) -> ET.Element:
    """Return a child of a document's root."""
    element = parse_document(body).find(name)
    if element is None:
        raise S3Error(400, "MalformedXML", f"The document has no {name} element.")
    return element


def create_access_point_result(point: AccessPoint) -> ET.Element:
    """Return the result of CreateAccessPointForObjectLambda."""
    root = result_root("CreateAccessPointForObjectLambdaResult")
    write_text(root, "ObjectLambdaAccessPointArn", point.arn)
    _write_alias(root, point)
    return root


def access_point_result(point: AccessPoint) -> ET.Element:
    """Return the result of GetAccessPointForObjectLambda."""
    root = result_root("GetAccessPointForObjectLambdaResult")
    write_text(root, "Name", point.name)
    block = ET.SubElement(root, "PublicAccessBlockConfiguration")
    for setting in _PUBLIC_ACCESS_BLOCK:
        write_text(block, setting, "true")
    write_text(root, "CreationDate", point.created.strftime("%Y-%m-%dT%H:%M:%SZ"))
    _write_alias(root, point)
    return root


def list_access_points_result(points: list[AccessPoint], next_token: str | None) -> ET.Element:
    """Return the result of ListAccessPointsForObjectLambda."""
    root = result_root("ListAccessPointsForObjectLambdaResult")
    parent = ET.SubElement(root, "ObjectLambdaAccessPointList")
    for point in points:
        element = ET.SubElement(parent, "ObjectLambdaAccessPoint")
        write_text(element, "Name", point.name)
        write_text(element, "ObjectLambdaAccessPointArn", point.arn)
        _write_alias(element, point)
    if next_token is not None:
        write_text(root, "NextToken", next_token)
    return root


def configuration_result(point: AccessPoint) -> ET.Element:
    """Return the result of GetAccessPointConfigurationForObjectLambda."""
    value = point.configuration
    root = result_root("GetAccessPointConfigurationForObjectLambdaResult")
    element = ET.SubElement(root, "Configuration")
    write_text(element, "SupportingAccessPoint", value.supporting_access_point)
    write_text(element, "CloudWatchMetricsEnabled", str(value.metrics_enabled).lower())
    features = ET.SubElement(element, "AllowedFeatures")
    for feature in value.allowed_features:
        write_text(features, "AllowedFeature", feature)
    transformations = ET.SubElement(element, "TransformationConfigurations")
    for transformation in value.transformations:
        _write_transformation(transformations, transformation)
    return root


def policy_result(text: str) -> ET.Element:
    """Return the result of GetAccessPointPolicyForObjectLambda."""
    root = result_root("GetAccessPointPolicyForObjectLambdaResult")
    write_text(root, "Policy", text)
    return root


def policy_status_result() -> ET.Element:
    """Return the result of GetAccessPointPolicyStatusForObjectLambda; public policies are rejected."""
    root = result_root("GetAccessPointPolicyStatusForObjectLambdaResult")
    write_text(ET.SubElement(root, "PolicyStatus"), "IsPublic", "false")
    return root


def control_error_xml(error: S3Error, ids: RequestIds) -> bytes:
    """Return an error as S3 Control writes it: inside an ErrorResponse element."""
    inner = xml_elements({"Code": error.code, "Message": error.message, **error.details})
    outer = f"<Error>{inner}</Error>{xml_elements(ids.elements)}"
    return f'{DECLARATION}<ErrorResponse xmlns="{_NAMESPACE}">{outer}</ErrorResponse>'.encode()


def result_root(name: str) -> ET.Element:
    """Return the root element of a result."""
    return ET.Element(name, xmlns=_NAMESPACE)


def _write_alias(parent: ET.Element, point: AccessPoint) -> None:
    alias = ET.SubElement(parent, "Alias")
    write_text(alias, "Value", point.alias)
    write_text(alias, "Status", "READY")


def _write_transformation(parent: ET.Element, transformation: Transformation) -> None:
    element = ET.SubElement(parent, "TransformationConfiguration")
    actions = ET.SubElement(element, "Actions")
    for action in sorted(transformation.actions):
        write_text(actions, "Action", action)
    content = ET.SubElement(element, "ContentTransformation")
    aws_lambda = ET.SubElement(content, "AwsLambda")
    write_text(aws_lambda, "FunctionArn", transformation.function_arn)
    if transformation.payload:
        write_text(aws_lambda, "FunctionPayload", transformation.payload)


def write_text(parent: ET.Element, name: str, value: str) -> None:
    """Add a child element with a text."""
    ET.SubElement(parent, name).text = value


def _configuration(element: ET.Element) -> Configuration:
    supporting = element.findtext("SupportingAccessPoint", "")
    if not _SUPPORTING.fullmatch(supporting) or len(supporting) > _LONGEST_SUPPORTING:
        raise invalid_request(
            f"SupportingAccessPoint {supporting!r} is not the ARN of an S3 access point: "
            "arn:aws:s3:<region>:<account>:accesspoint/<name>."
        )
    transformations = tuple(
        _transformation(t)
        for t in element.iterfind("TransformationConfigurations/TransformationConfiguration")
    )
    if not transformations:
        raise invalid_request(
            "TransformationConfigurations is empty; it must name at least one function."
        )
    actions = [action for t in transformations for action in t.actions]
    if len(actions) != len(set(actions)):
        raise invalid_request("An action is listed in more than one TransformationConfiguration.")
    features = _texts(element, "AllowedFeatures/AllowedFeature", _FEATURES)
    metrics = element.findtext("CloudWatchMetricsEnabled", "false")
    if metrics not in _BOOLEANS:
        raise S3Error(
            400, "MalformedXML", f"CloudWatchMetricsEnabled {metrics!r} is not a boolean."
        )
    return Configuration(supporting, transformations, tuple(features), _BOOLEANS[metrics])


def _transformation(element: ET.Element) -> Transformation:
    arn = element.findtext("ContentTransformation/AwsLambda/FunctionArn", "")
    if function_name(arn) is None or len(arn) > _LONGEST_FUNCTION:
        raise invalid_request(f"FunctionArn {arn!r} is not the ARN of a Lambda function.")
    actions = _texts(element, "Actions/Action", _ACTIONS)
    if not actions:
        raise invalid_request("Actions is empty; it must list at least one action.")
    payload = element.findtext("ContentTransformation/AwsLambda/FunctionPayload", "")
    return Transformation(frozenset(actions), arn, payload)


def _texts(element: ET.Element, path: str, allowed: frozenset[str]) -> list[str]:
    values = [found.text or "" for found in element.iterfind(path)]
    for value in values:
        if value not in allowed:
            name = path.rpartition("/")[2]
            choices = ", ".join(sorted(allowed))
            raise invalid_request(f"{name} {value!r} is not one of {choices}.")
    return values


def invalid_request(message: str) -> S3Error:
    """Return the error of a value that is not allowed."""
    return S3Error(400, "InvalidRequest", message)
