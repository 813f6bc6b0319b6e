"""Current prices from AWS's Price List API. boto3 is imported only here, and only when it is used.

Prices that the list lacks are kept from the file, with their dates. In every region these are:

- `object_lambda_gb` and `zone_gb`, whose usage types are not documented;
- `managed_share`, because the list has the fee of each type for an hour, and not the share;
- the prices on spot, which the list does not have.

In some regions the list also lacks services, such as S3 Express One Zone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from jitprep.costs.inputs.prices import RATES, Instance, Price, Prices

# The API exists in few regions, and serves the prices of all.
_ENDPOINT = "us-east-1"
_SOURCE = "AWS Price List API, {service} {version}"
# A usage type is prefixed with the region's billing code, except for most in us-east-1:
# Lambda-GB-Second, EU-Lambda-GB-Second. Those of KMS have the region's name: eu-west-1-KMS-Requests.
_PREFIX = r"(?:[A-Z][A-Z0-9]+-|[a-z]+(?:-[a-z]+)+-\d+-)?"


@dataclass(frozen=True, slots=True)
class _Offer:
    """Products of a service, chosen by their attributes, and the names of prices by usage type."""

    service: str
    wanted: Mapping[str, str]
    names: Mapping[str, str]


_OFFERS = (
    _Offer(
        "AWSLambda",
        {},
        {
            "Lambda-GB-Second": "lambda_gb_second_x86_64",
            "Lambda-GB-Second-ARM": "lambda_gb_second_arm64",
            "Request": "lambda_request",
            "Lambda-Managed-Instances-Request": "managed_request",
        },
    ),
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/aws-usage-report-understand.html
    _Offer(
        "AmazonS3",
        {},
        {
            "Requests-Tier2": "s3_get",
            "Requests-Tier1": "s3_put",
            "TimedStorage-ByteHrs": "s3_gb_month",
            "BatchOperations-Jobs": "batch_job",
            "BatchOperations-Objects": "batch_object",
            "TimedStorage-XZ-ByteHrs": "express_gb_month",
            "Requests-XZ-Tier2": "express_get",
            "Requests-XZ-Tier1": "express_put",
            "Retrieval-XZ": "express_read_gb",
            "Upload-XZ": "express_write_gb",
        },
    ),
    _Offer(
        "AmazonECS",
        {},
        {
            "Fargate-vCPU-Hours:perCPU": "fargate_vcpu_hour_x86_64",
            "Fargate-ARM-vCPU-Hours:perCPU": "fargate_vcpu_hour_arm64",
            "Fargate-GB-Hours": "fargate_gb_hour_x86_64",
            "Fargate-ARM-GB-Hours": "fargate_gb_hour_arm64",
        },
    ),
    # Classic and network balancers have usage types of the same names.
    _Offer(
        "AWSELB",
        {"productFamily": "Load Balancer-Application"},
        {"LoadBalancerUsage": "alb_hour", "LCUUsage": "alb_lcu_hour"},
    ),
    # Other operations, whose prices may differ, have the same usage type.
    _Offer("AmazonCloudWatch", {"operation": "PutLogEvents"}, {"DataProcessing-Bytes": "logs_gb"}),
    _Offer(
        "AmazonEC2",
        {"productFamily": "NAT Gateway"},
        {"NatGateway-Hours": "nat_hour", "NatGateway-Bytes": "nat_gb"},
    ),
    _Offer(
        "AmazonVPC",
        {"productFamily": "VpcEndpoint", "operation": "VpcEndpoint"},
        {"VpcEndpoint-Hours": "private_link_hour", "VpcEndpoint-Bytes": "private_link_gb"},
    ),
    _Offer("awskms", {}, {"KMS-Requests": "kms_request"}),
    # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-costs.html
    _Offer("AWSCloudTrail", {}, {"DataEventsRecorded": "cloudtrail_event"}),
)
_INSTANCE = {
    "operatingSystem": "Linux",
    "tenancy": "Shared",
    "preInstalledSw": "NA",
    "capacitystatus": "Used",
    "marketoption": "OnDemand",  # a capacity block of a p5.48xlarge is listed at $0 an hour
}


class NotListed(Exception):
    """AWS's list lacks a region or an instance type, or has a price more than once."""


def pricing_client() -> Any:
    """Return a client of the Price List API. Credentials need ``pricing:GetProducts``."""
    import boto3  # noqa: PLC0415  an extra, and slow to import

    return boto3.client("pricing", region_name=_ENDPOINT)


def refresh(pricing: Any, region: str, types: Iterable[str], known: Mapping[str, Prices]) -> Prices:
    """Return a region's current prices.

    Parameters
    ----------
    pricing
        boto3 client of ``pricing``.
    region : str
    types : iterable of str
        Instance types to include.
    known : mapping of str to Prices
        Known prices by region. What the list lacks is taken from the region, or from us-east-1, which
        must be present, and whose prices then say so in their source; spot prices only from the region.

    Raises
    ------
    NotListed
    botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
        Where a request to AWS fails.
    """
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    found: dict[str, Price] = {}
    for offer in _OFFERS:
        products = _products(pricing, offer.service, {"regionCode": region, **offer.wanted})
        found |= _rates(products, offer.names, today)
    if not found:
        raise NotListed(f"AWS lists no prices in {region}; check the region's name")
    instances = {type_: _instance(pricing, region, type_, today) for type_ in types}
    kept = {name: _kept(known, region, name) for name in RATES if name not in found}
    spot = known[region].spot if region in known else {}
    return Prices(**found, **kept, instances=instances, spot=spot)


def _kept(known: Mapping[str, Prices], region: str, name: str) -> Price:
    if region in known:
        price: Price = getattr(known[region], name)
        return price
    price = getattr(known[_ENDPOINT], name)
    return replace(price, source=f"{price.source} (of {_ENDPOINT}, not of {region})")


def _products(pricing: Any, service: str, wanted: Mapping[str, str]) -> Iterator[Any]:
    filters = [{"Type": "TERM_MATCH", "Field": k, "Value": v} for k, v in wanted.items()]
    pages = pricing.get_paginator("get_products").paginate(ServiceCode=service, Filters=filters)
    for page in pages:
        yield from map(json.loads, page["PriceList"])


def _rates(products: Iterable[Any], names: Mapping[str, str], today: str) -> dict[str, Price]:
    found: dict[str, Price] = {}
    for product in products:
        usage = product["product"]["attributes"].get("usagetype", "")
        for ending, name in names.items():
            if not re.fullmatch(_PREFIX + re.escape(ending), usage):
                continue
            price = Price(_usd(product, usage), today, _source(product))
            if found.setdefault(name, price).usd != price.usd:
                raise NotListed(f"AWS lists {usage} at {found[name].usd} and at {price.usd}")
    return found


def _instance(pricing: Any, region: str, type_: str, today: str) -> Instance:
    wanted = {"regionCode": region, "instanceType": type_, **_INSTANCE}
    products = list(_products(pricing, "AmazonEC2", wanted))
    if len(products) != 1:
        raise NotListed(f"AWS lists {len(products)} prices of {type_} in {region}, not one")
    (product,) = products
    attributes = product["product"]["attributes"]
    gpus = attributes.get("gpu", "0")  # machines without GPUs lack it
    if not gpus.isdecimal():
        raise NotListed(
            f"AWS lists {gpus} GPUs of {type_}, not a whole number; choose another type"
        )
    size = int(attributes["vcpu"]), int(gpus)
    return Instance(_usd(product, type_), today, _source(product), *size)


def _usd(product: Any, what: str) -> float:
    """Return the price of a unit on demand in the first volume tier, in dollars."""
    terms = product["terms"].get("OnDemand", {}).values()
    tiers = [tier for term in terms for tier in term["priceDimensions"].values()]
    first = [tier for tier in tiers if float(tier.get("beginRange", "0")) == 0]
    if len(first) != 1 or "USD" not in first[0]["pricePerUnit"]:
        raise NotListed(f"AWS lists {len(first)} prices of {what} on demand, not one in dollars")
    return float(first[0]["pricePerUnit"]["USD"])


def _source(product: Any) -> str:
    return _SOURCE.format(service=product["serviceCode"], version=product["version"])
