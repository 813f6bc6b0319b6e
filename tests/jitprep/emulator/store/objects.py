"""Helpers for the tests of objects."""

from __future__ import annotations

from botocore.exceptions import ClientError

FIVE = 5 << 20
TEXT = b"0123456789"


def upload(s3, of, bodies):
    """Upload parts; return the upload's parameters, and the document that completes it."""
    of = {**of, "UploadId": s3.create_multipart_upload(**of)["UploadId"]}
    parts = [
        {"PartNumber": n, "ETag": s3.upload_part(**of, PartNumber=n, Body=body)["ETag"]}
        for n, body in bodies.items()
    ]
    return of, {"Parts": parts}


def status_of(operation, **parameters):
    try:
        return operation(**parameters)["ResponseMetadata"]["HTTPStatusCode"]
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"]
