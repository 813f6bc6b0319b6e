"""AWS's prices, from a file in which each has a date and a source."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, get_args

Arch = Literal["x86_64", "arm64"]
ARCHS: tuple[Arch, ...] = get_args(Arch)
SHIPPED = Path(__file__).with_name("prices.toml")
_REGION = re.compile(r"[a-z]+(-[a-z]+)+-\d+")
# Largest price of a unit, and largest number of processors: beyond any that AWS has.
_MOST_USD, _MOST = 1_000_000, 10_000
_DATE = re.compile(r"\d{4}-\d\d(-\d\d)?")


class PriceError(ValueError):
    """A price is missing or invalid; the message names the file and the field."""


@dataclass(frozen=True, slots=True)
class Price:
    """Price of one unit.

    Parameters
    ----------
    usd : float
        US dollars, not negative.
    date : str
        Day or month of the price: ``2026-09-06``, ``2026-09``.
    source : str
        Where AWS publishes it.
    """

    usd: float
    date: str
    source: str


@dataclass(frozen=True, slots=True)
class Instance(Price):
    """Price of an hour of an EC2 instance.

    Parameters
    ----------
    vcpus : int
        From 1.
    gpus : int
        From 0, for machines without.
    """

    vcpus: int
    gpus: int


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices of one region, each per unit.

    Parameters
    ----------
    lambda_gb_second_x86_64, lambda_gb_second_arm64 : Price
        1024 MB of Lambda's memory for a second.
    lambda_request : Price
        An invocation.
    s3_get, s3_put : Price
        A GET or HEAD, and a PUT, in S3 Standard.
    s3_gb_month : Price
        2^30 bytes in S3 Standard for a month.
    object_lambda_gb : Price
        10^9 bytes that Object Lambda returns.
    batch_job, batch_object : Price
        A job of S3 Batch Operations, and each of its objects.
    fargate_vcpu_hour_x86_64, fargate_vcpu_hour_arm64 : Price
        A vCPU of Fargate for an hour, on Linux.
    fargate_gb_hour_x86_64, fargate_gb_hour_arm64 : Price
        A GB of Fargate's memory for an hour.
    alb_hour, alb_lcu_hour : Price
        An hour of an Application Load Balancer, and of each of its capacity units.
    zone_gb : Price
        10^9 bytes that enter, or leave, an instance to or from another zone of the region.
    logs_gb : Price
        10^9 bytes that CloudWatch Logs takes in, in its Standard class.
    nat_hour, nat_gb : Price
        An hour of a NAT gateway, and 10^9 bytes through it, in either direction.
    private_link_hour, private_link_gb : Price
        An hour of an interface endpoint in one zone, and 10^9 bytes through it, in either direction.
    kms_request : Price
        A request to KMS with a symmetric key.
    cloudtrail_event : Price
        A data event that CloudTrail delivers, such as a GET or an invocation.
    express_gb_month : Price
        2^30 bytes in S3 Express One Zone for a month.
    express_get, express_put : Price
        A GET or HEAD, and a PUT, in S3 Express One Zone.
    express_read_gb, express_write_gb : Price
        2^30 bytes that GETs read, and that PUTs write, in S3 Express One Zone, from the first byte on.
    managed_request : Price
        An invocation on Lambda Managed Instances.
    managed_share : Price
        What Lambda Managed Instances add to an instance's price on demand. Its `usd` is a fraction of
        that price, from 0.
    instances : mapping of str to Instance
        On demand, by type, such as ``g5.xlarge``.
    spot : mapping of str to Instance
        On spot, which changes by the hour and by the zone.
    """

    lambda_gb_second_x86_64: Price
    lambda_gb_second_arm64: Price
    lambda_request: Price
    s3_get: Price
    s3_put: Price
    s3_gb_month: Price
    object_lambda_gb: Price
    batch_job: Price
    batch_object: Price
    fargate_vcpu_hour_x86_64: Price
    fargate_vcpu_hour_arm64: Price
    fargate_gb_hour_x86_64: Price
    fargate_gb_hour_arm64: Price
    alb_hour: Price
    alb_lcu_hour: Price
    zone_gb: Price
    logs_gb: Price
    nat_hour: Price
    nat_gb: Price
    private_link_hour: Price
    private_link_gb: Price
    kms_request: Price
    cloudtrail_event: Price
    express_gb_month: Price
    express_get: Price
    express_put: Price
    express_read_gb: Price
    express_write_gb: Price
    managed_request: Price
    managed_share: Price
    instances: Mapping[str, Instance]
    spot: Mapping[str, Instance]

    def lambda_gb_second(self, arch: Arch) -> float:
        """Return the price of a GB-second on an architecture, in dollars."""
        return (
            self.lambda_gb_second_arm64 if arch == "arm64" else self.lambda_gb_second_x86_64
        ).usd

    def fargate_hour(self, arch: Arch) -> tuple[float, float]:
        """Return the prices of a vCPU and of a GB for an hour, in dollars."""
        if arch == "arm64":
            return self.fargate_vcpu_hour_arm64.usd, self.fargate_gb_hour_arm64.usd
        return self.fargate_vcpu_hour_x86_64.usd, self.fargate_gb_hour_x86_64.usd


_TABLES = ("instances", "spot")
RATES = tuple(field.name for field in fields(Prices) if field.name not in _TABLES)


def load_prices(path: Path) -> dict[str, Prices]:
    """Return the prices of each region in a file.

    Raises
    ------
    PriceError
        Where the file cannot be read, is not TOML, or has a missing or invalid field.
    """
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):  # a pipe may never end
            raise PriceError(f"{path} is a pipe, a socket or a device; name a file")
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PriceError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise PriceError(f"{path}: {error}") from None
    except RecursionError:
        raise PriceError(f"{path}: its tables are nested too deeply") from None
    for region in table:
        if not _REGION.fullmatch(region):
            raise PriceError(f"{path}: {region!r} is not a region's name, such as us-east-1")
    return {region: parse_prices(entry, f"{path}: {region}") for region, entry in table.items()}


def parse_prices(table: Any, where: str) -> Prices:
    """Parse the prices of one region; messages begin with `where`.

    Raises
    ------
    PriceError
    """
    _require_fields(table, {*RATES, *_TABLES}, where)
    rates = {name: _price(table[name], f"{where}.{name}") for name in RATES}
    types = {name: _types(table[name], f"{where}.{name}") for name in _TABLES}
    return Prices(**rates, instances=types["instances"], spot=types["spot"])


def _price(row: Any, where: str) -> Price:
    _require_fields(row, {"usd", "date", "source"}, where)
    return Price(*_common(row, where))


def _types(table: Any, where: str) -> dict[str, Instance]:
    if not isinstance(table, dict):
        raise PriceError(f"{where} must be a table of instance types")
    return {name: _instance(row, f"{where}.{name}") for name, row in table.items()}


def _instance(row: Any, where: str) -> Instance:
    _require_fields(row, {"usd", "vcpus", "gpus", "date", "source"}, where)
    vcpus, gpus = _count(row["vcpus"], 1, f"{where}.vcpus"), _count(row["gpus"], 0, f"{where}.gpus")
    return Instance(*_common(row, where), vcpus, gpus)


def _count(number: Any, least: int, where: str) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= _MOST:
        raise PriceError(f"{where} must be a whole number from {least} to {_MOST}, got {number!r}")
    return number


def _common(row: Mapping[str, Any], where: str) -> tuple[float, str, str]:
    usd, date, source = row["usd"], row["date"], row["source"]
    if isinstance(usd, bool) or not isinstance(usd, int | float):
        raise PriceError(f"{where}.usd must be a number of dollars, got {usd!r}")
    if not 0 <= usd <= _MOST_USD:
        raise PriceError(f"{where}.usd must be from 0 to a million, got {usd!r}")
    if not isinstance(date, str) or not _DATE.fullmatch(date):
        raise PriceError(f'{where}.date must be text such as "2026-09-06", got {date!r}')
    if not isinstance(source, str) or not source:
        raise PriceError(f"{where}.source must say where the price was published, got {source!r}")
    return float(usd), date, source


def _require_fields(row: Any, wanted: set[str], where: str) -> None:
    if not isinstance(row, dict):
        raise PriceError(f"{where} must be a table with {', '.join(sorted(wanted))}")
    if missing := wanted - row.keys():
        raise PriceError(f"{where} lacks {', '.join(sorted(missing))}")
    if unknown := row.keys() - wanted:
        raise PriceError(f"{where} has unknown fields: {', '.join(sorted(unknown))}")


def prices_of(
    known: Mapping[str, Prices], region: str, types: Collection[str], path: Path
) -> Prices:
    """Return the prices of a region that has these instance types.

    Parameters
    ----------
    known : mapping of str to Prices
        By region, as `load_prices` returns them.
    region : str
    types : collection of str
    path : Path
        Of the file that they are from, for messages.

    Raises
    ------
    PriceError
    """
    remedy = f"fetch them with --refresh --prices FILE, or write them as in {SHIPPED}"
    if region not in known:
        raise PriceError(
            f"{path} has no prices for {region}, only for {', '.join(known)}; {remedy}"
        )
    for type_ in sorted(types):
        if type_ not in known[region].instances:
            there = ", ".join(known[region].instances) or "none"
            raise PriceError(
                f"{path} has no price for {type_} in {region}, only for {there}; {remedy}"
            )
    return known[region]


def dump_prices(regions: Mapping[str, Prices]) -> str:
    """Return the text of a price file for these regions."""
    lines = []
    for region, prices in regions.items():
        lines.append(f"[{region}]")
        lines += [f"{name} = {_row(getattr(prices, name))}" for name in RATES]
        for table in _TABLES:
            lines += ["", f"[{region}.{table}]"]
            types: Mapping[str, Instance] = getattr(prices, table)
            lines += [f"{_text(name)} = {_row(row)}" for name, row in types.items()]
        lines.append("")
    return "\n".join(lines)


def _row(price: Price) -> str:
    size = f"vcpus = {price.vcpus}, gpus = {price.gpus}, " if isinstance(price, Instance) else ""
    usd = format(Decimal(repr(price.usd)), "f")
    return f"{{ usd = {usd}, {size}date = {_text(price.date)}, source = {_text(price.source)} }}"


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # TOML's escapes include JSON's
