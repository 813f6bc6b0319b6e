"""A function with SnapStart's hooks."""

import os

import boto3
from botocore.exceptions import ClientError
from snapshot_restore_py import register_after_restore, register_before_snapshot

S3 = boto3.client("s3")
RAN = []
KEPT = {}


@register_before_snapshot
def before():
    RAN.append("before")
    S3.list_buckets()
    KEPT["credentials"] = boto3.Session().get_credentials().get_frozen_credentials()


@register_after_restore
def after():
    if os.environ.get("HOOK") == "fails":
        raise OSError("no entropy")
    RAN.append("after")


def handler(event, context):
    S3.list_buckets()
    old = KEPT["credentials"]
    client = boto3.client(
        "s3", aws_access_key_id=old.access_key, aws_secret_access_key=old.secret_key
    )
    try:
        client.list_buckets()
    except ClientError as error:
        return {
            "hooks": RAN,
            "refusal": error.response["Error"]["Code"],
            "type": os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"],
        }
