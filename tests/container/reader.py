"""Plain boto3 against an endpoint."""

from __future__ import annotations

import json
from collections.abc import Mapping

import boto3
from botocore.config import Config

ACCOUNT = "123456789012"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:preprocess"
BUCKET = "photographs"
SUPPORTING = f"arn:aws:s3:us-east-1:{ACCOUNT}:accesspoint/{BUCKET}"


class Reader:
    """Puts photographs into a bucket, makes access points on it, and reads through them."""

    def __init__(self, url: str) -> None:
        session = boto3.Session("test", "test", region_name="us-east-1")
        once = Config(retries={"total_max_attempts": 1})  # a read that fails must fail here
        self._s3 = session.client("s3", endpoint_url=url, config=once)
        # boto3 puts the account before S3 Control's host; through its proxy no such name is needed.
        proxied = once.merge(Config(proxies={"http": url}))
        self._control = session.client("s3control", endpoint_url=url, config=proxied)

    def put(self, photos: Mapping[str, bytes]) -> None:
        self._s3.create_bucket(Bucket=BUCKET)
        self._control.create_access_point(AccountId=ACCOUNT, Name=BUCKET, Bucket=BUCKET)
        for key, body in photos.items():
            self._s3.put_object(Bucket=BUCKET, Key=key, Body=body)

    def access_point(self, name: str, payload: Mapping[str, str]) -> str:
        """Create an Object Lambda access point; return its alias."""
        function = {"FunctionArn": FUNCTION, "FunctionPayload": json.dumps(payload)}
        created = self._control.create_access_point_for_object_lambda(
            AccountId=ACCOUNT,
            Name=name,
            Configuration={
                "SupportingAccessPoint": SUPPORTING,
                "TransformationConfigurations": [
                    {"Actions": ["GetObject"], "ContentTransformation": {"AwsLambda": function}}
                ],
            },
        )
        return str(created["Alias"]["Value"])

    def read(self, alias: str, key: str) -> bytes:
        return bytes(self._s3.get_object(Bucket=alias, Key=key)["Body"].read())
