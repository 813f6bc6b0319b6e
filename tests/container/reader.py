"""Plain boto3 against a running endpoint."""

from __future__ import annotations

import json
from collections.abc import Mapping

from botocore.config import Config

from jitprep.emulator.testing import LocalObjectLambda, RunningEndpoint

BUCKET = "photographs"


class Reader:
    """Stores photographs in a bucket, creates access points on it, and reads through them."""

    def __init__(self, url: str) -> None:
        self._local = LocalObjectLambda(RunningEndpoint(url))
        self._s3 = self._local.client("s3", Config(proxies={}))

    def put(self, photos: Mapping[str, bytes]) -> None:
        self._s3.create_bucket(Bucket=BUCKET)
        for key, body in photos.items():
            self._s3.put_object(Bucket=BUCKET, Key=key, Body=body)

    def access_point(self, name: str, payload: Mapping[str, str]) -> str:
        """Create an Object Lambda access point; return its alias."""
        return self._local.create_access_point(name, BUCKET, payload=json.dumps(payload))

    def read(self, alias: str, key: str) -> bytes:
        return bytes(self._s3.get_object(Bucket=alias, Key=key)["Body"].read())
