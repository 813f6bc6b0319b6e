"""Two buckets, and a function that may read the one and write the other."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from handler import app

from ....scripted_s3 import Context

FIXED = "resize:16,16/npy"


@dataclass
class World:
    """Two buckets; the function may read one and write the other."""

    local: Any
    s3: Any
    photos: str
    out: str
    _tasks: Iterator[int] = field(default_factory=itertools.count)

    def put(self, key: str, body: bytes, **described: Any) -> None:
        self.s3.put_object(Bucket=self.photos, Key=key, Body=body, **described)

    def run(self, key: str, version: str | None = None, **arguments: str) -> tuple[str, str]:
        """Send one task to the handler; return its code and its string."""
        task = {"taskId": f"t{next(self._tasks)}", "s3Key": key, "s3VersionId": version}
        event = {
            "invocationSchemaVersion": "2.0",
            "invocationId": "i",
            "job": {"id": "j", "userArguments": {"spec": FIXED, **arguments}},
            "tasks": [{**task, "s3Bucket": self.photos}],
        }
        (result,) = app.lambda_handler(event, Context())["results"]
        assert result["taskId"] == task["taskId"]
        return result["resultCode"], result["resultString"]

    def copy(self, key: str) -> dict[str, Any]:
        got = self.s3.get_object(Bucket=self.out, Key=key)
        return {**got, "Body": got["Body"].read()}

    def writes(self, key: str) -> int:
        """Return how often a copy has been written."""
        listed = self.s3.list_object_versions(Bucket=self.out, Prefix=key)
        return len(listed.get("Versions", []))
