"""Current prices from AWS's Price List API. boto3 is imported only here, and only when it is used.

Prices that the list does not have, or has under a usage type that is not documented, are kept from the
file with their dates: those of Object Lambda, of transfer between zones, and on spot.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from jitprep.costs.inputs.prices import Instance, Price, Prices

# The API exists in few regions, and serves the prices of all.
_ENDPOINT = "us-east-1"
_SOURCE = "AWS Price List API, {service} {version}"
# A usage type is prefixed with the region's billing code, except for most in us-east-1:
# Lambda-GB-Second, EU-Lambda-GB-Second.
_BILLING_CODE = r"(?:[A-Z][A-Z0-9]+-)?"
_USAGE = {
    "AWSLambda": {
        "Lambda-GB-Second": "lambda_gb_second_x86_64",
        "Lambda-GB-Second-ARM": "lambda_gb_second_arm64",
        "Request": "lambda_request",
    },
    "AmazonS3": {
        "Requests-Tier2": "s3_get",
        "Requests-Tier1": "s3_put",
        "TimedStorage-ByteHrs": "s3_gb_month",
        "BatchOperations-Jobs": "batch_job",
        "BatchOperations-Objects": "batch_object",
    },
    "AmazonECS": {
        "Fargate-vCPU-Hours:perCPU": "fargate_vcpu_hour_x86_64",
        "Fargate-ARM-vCPU-Hours:perCPU": "fargate_vcpu_hour_arm64",
        "Fargate-GB-Hours": "fargate_gb_hour_x86_64",
        "Fargate-ARM-GB-Hours": "fargate_gb_hour_arm64",
    },
    "AWSELB": {"LoadBalancerUsage": "alb_hour", "LCUUsage": "alb_lcu_hour"},
}
# Classic and network balancers have usage types of the same names.
_FAMILY = {"AWSELB": {"productFamily": "Load Balancer-Application"}}
_KEPT = ("object_lambda_gb", "zone_gb")
_INSTANCE = {
    "operatingSystem": "Linux",
    "tenancy": "Shared",
    "preInstalledSw": "NA",
    "capacitystatus": "Used",
}


class NotListed(Exception):
    """AWS's list lacks a price, or has it more than once."""


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
        Known prices by region. Prices to keep are taken from the region, or from us-east-1, which must
        be present; spot prices only from the region.

    Raises
    ------
    NotListed
    botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
        Where a request to AWS fails.
    """
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    found: dict[str, Price] = {}
    for service, names in _USAGE.items():
        wanted = {"regionCode": region, **_FAMILY.get(service, {})}
        found |= _rates(_products(pricing, service, wanted), names, today)
        if missing := set(names.values()) - found.keys():
            names_ = ", ".join(sorted(missing))
            raise NotListed(f"AWS lists no {names_} in {region}; check the region's name")
    instances = {type_: _instance(pricing, region, type_, today) for type_ in types}
    kept = {name: _kept(known, region, name) for name in _KEPT}
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
            if not re.fullmatch(_BILLING_CODE + re.escape(ending), usage):
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
    vcpus = int(product["product"]["attributes"]["vcpu"])
    return Instance(_usd(product, type_), today, _source(product), vcpus)


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
