"""Photographs in a bucket, behind one access point per pipeline."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from jitprep.emulator.testing import LocalObjectLambda
from tests.media import of_kind
from tests.photos import NAMES, photo, picture
from tests.preprocessing.shards.archives import shard

from .invocations import BARRIER, Invocation, Log
from .matrix import FIXED, Call
from .reading import Drivers, Run

BUCKET = "photos"
OTHER_KINDS = ("sound", "text", "video")
SHARDS = "shards"
WORKERS = 2
_ACTIONS = ("GetObject", "HeadObject", "ListObjects", "ListObjectsV2")
_FEATURES = (
    *("GetObject-Range", "GetObject-PartNumber"),
    *("HeadObject-Range", "HeadObject-PartNumber"),
)


@cache
def originals(folder: str) -> Mapping[str, bytes]:
    """Return the objects of a folder by key.

    ``all`` has every photograph, one of them under a name that must be percent-encoded; ``few`` has
    two, and ``camera`` one of more than 8 MB; ``shards`` has two archives. The other folders are of
    other kinds.
    """
    if folder in OTHER_KINDS:
        return of_kind(folder)
    if folder == SHARDS:
        return {f"{SHARDS}/{number}.tar": _shard(number) for number in range(2)}
    if folder == "camera":
        stream = BytesIO()
        picture("retina").resize((1700, 1700)).save(stream, "BMP")
        return {"camera/retina.bmp": stream.getvalue()}
    names = {name: f"{name}.jpg" for name in NAMES} | {"coffee": "coffee & crème +100%.jpg"}
    wanted = NAMES if folder == "all" else ("coffee", "retina")
    return {f"{folder}/{names[name]}": photo(name) for name in wanted}


def _shard(number: int) -> bytes:
    """Return an archive of twelve photographs with labels."""
    return shard(
        {
            f"{number}-{index:02d}.{extension}": body
            for index in range(12)
            for extension, body in (
                ("cls", str(index).encode()),
                ("jpg", photo(NAMES[index % len(NAMES)])),
            )
        }
    )


class Stage:
    """The bucket, its access points, and the clients on it.

    Parameters
    ----------
    local
        The endpoint. Its workers write to ``log``.
    log
        The workers' output.
    drivers
        The clients.
    """

    def __init__(self, local: LocalObjectLambda, log: Log, drivers: Drivers) -> None:
        self._local = local
        self._drivers = drivers
        self._log = log
        self._s3 = local.client("s3")
        self._aliases: dict[str, str] = {}
        self._s3.create_bucket(Bucket=BUCKET)
        self._put(BARRIER, photo("chelsea"))
        for folder in ("all", "few", "camera", SHARDS, *OTHER_KINDS):
            for key, body in originals(folder).items():
                self._put(key, body)
            table = "\n".join(("label,key", *(f'0,"{key}"' for key in originals(folder))))
            self._put(f"{folder}.csv", table.encode())

    @property
    def url(self) -> str:
        """The endpoint's URL, which is that of the bucket's S3 too."""
        return self._local.url

    def alias(self, pipeline: str) -> str:
        """Return the alias of a pipeline's access point, which is created on first use."""
        if pipeline not in self._aliases:
            self._aliases[pipeline] = self._local.create_access_point(
                f"clients-{len(self._aliases)}",
                BUCKET,
                payload=json.dumps({"spec": pipeline}),
                actions=_ACTIONS,
                features=_FEATURES,
            )
        return self._aliases[pipeline]

    def run(
        self, call: Call, reads: Sequence[tuple[str, str]], scratch: Path
    ) -> tuple[Run, list[Invocation]]:
        """Let a client read folders through pipelines.

        Returns the outcome and the invocations.
        """
        jobs = [
            {
                "endpoint": self.url,
                "bucket": self.alias(pipeline),
                "prefix": f"{folder}/",
                "keys": list(originals(folder)),
                "table": f"{BUCKET}/{folder}.csv",
            }
            for pipeline, folder in reads
        ]
        before = len(self._log.getvalue())
        done = self._drivers.run(call, jobs, scratch)
        return done, self._log.passed(before, WORKERS, self._knock)

    def _knock(self) -> Any:
        return self._s3.head_object(Bucket=self.alias(FIXED), Key=BARRIER)

    def _put(self, key: str, body: bytes) -> None:
        self._s3.put_object(Bucket=BUCKET, Key=key, Body=body)
