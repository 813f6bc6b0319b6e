"""Object Lambda access points, and the registry of those that exist."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property

from jitprep.emulator.partitions import partition_of

ALIAS_ENDING = "--ol-s3"


@dataclass(frozen=True)
class Transformation:
    """The actions that a function answers, and its payload."""

    actions: frozenset[str]
    function_arn: str
    payload: str


@dataclass(frozen=True)
class Configuration:
    """An access point's configuration, S3 Control's ObjectLambdaConfiguration."""

    supporting_access_point: str
    transformations: tuple[Transformation, ...]
    allowed_features: tuple[str, ...] = ()
    metrics_enabled: bool = False

    def transformation(self, action: str) -> Transformation | None:
        """Return the transformation that answers ``action``; None if S3 itself answers it."""
        return next((t for t in self.transformations if action in t.actions), None)


@dataclass(frozen=True)
class AccessPoint:
    """One Object Lambda access point.

    ``bucket`` is that of its supporting access point; ``policy`` is JSON or None.
    """

    name: str
    account: str
    region: str
    bucket: str
    configuration: Configuration
    created: datetime
    policy: str | None = None

    @property
    def arn(self) -> str:
        """The access point's ARN."""
        partition, _ = partition_of(self.region)
        where = f"{self.region}:{self.account}"
        return f"arn:{partition}:s3-object-lambda:{where}:accesspoint/{self.name}"

    @cached_property
    def alias(self) -> str:
        """The alias, which clients can use in place of a bucket's name.

        It is derived from the ARN, so it is the same whenever a script creates the access point.
        """
        digest = base64.b32encode(hashlib.sha256(self.arn.encode()).digest()).decode().lower()
        return f"{self.name[:20].rstrip('-')}-{digest[:24]}use1a{ALIAS_ENDING}"

    @property
    def host(self) -> str:
        """The host name that the access point has on AWS."""
        _, suffix = partition_of(self.region)
        return f"{self.name}-{self.account}.s3-object-lambda.{self.region}.{suffix}"


class AccessPoints:
    """The access points that exist, by account and name."""

    def __init__(self) -> None:
        self._points: dict[tuple[str, str], AccessPoint] = {}

    def get(self, account: str, name: str) -> AccessPoint | None:
        """Return the access point of that name, or None."""
        return self._points.get((account, name))

    def add(self, point: AccessPoint) -> None:
        """Add an access point."""
        self._points[point.account, point.name] = point

    def remove(self, point: AccessPoint) -> None:
        """Remove an access point."""
        del self._points[point.account, point.name]

    def configure(self, point: AccessPoint, bucket: str, configuration: Configuration) -> None:
        """Replace an access point's configuration."""
        self.add(replace(point, bucket=bucket, configuration=configuration))

    def of_account(self, account: str) -> list[AccessPoint]:
        """Return an account's access points, sorted by name."""
        return sorted((p for p in self if p.account == account), key=lambda p: p.name)

    def by_host_label(self, label: str) -> AccessPoint | None:
        """Return the access point whose ``name-account`` is ``label``, or None."""
        return next((p for p in self if label == f"{p.name}-{p.account}"), None)

    def by_alias(self, alias: str) -> AccessPoint | None:
        """Return the access point of that alias, or None."""
        return next((p for p in self if alias == p.alias), None)

    def __iter__(self) -> Iterator[AccessPoint]:
        return iter(self._points.values())


def now() -> datetime:
    """Return the current time in whole seconds, as S3 reports it."""
    return datetime.now(UTC).replace(microsecond=0)
