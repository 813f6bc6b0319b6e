"""AWS's Price List, with responses in the form of GetProducts, through boto3's client."""

from __future__ import annotations

import json
import re
from collections.abc import Set
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from jitprep.costs.inputs.prices import RATES, SHIPPED, Price, load_prices
from jitprep.costs.inputs.refresh import NotListed, refresh

KNOWN = load_prices(SHIPPED)
# Usage types of eu-west-1 in AWS's list, in the order of the requests: the attributes that a request
# selects, and what each usage type is the price of. The prices are made up, and all differ.
LISTED: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "AWSLambda": (
        {},
        {
            "EU-Lambda-GB-Second": "lambda_gb_second_x86_64",
            "EU-Lambda-GB-Second-ARM": "lambda_gb_second_arm64",
            "EU-Request": "lambda_request",
            "EU-Lambda-Managed-Instances-Request": "managed_request",
        },
    ),
    "AmazonS3": (
        {},
        {
            "EU-Requests-Tier2": "s3_get",
            "EU-Requests-Tier1": "s3_put",
            "EU-TimedStorage-ByteHrs": "s3_gb_month",
            "EU-BatchOperations-Jobs": "batch_job",
            "EU-BatchOperations-Objects": "batch_object",
            "EU-TimedStorage-XZ-ByteHrs": "express_gb_month",
            "EU-Requests-XZ-Tier2": "express_get",
            "EU-Requests-XZ-Tier1": "express_put",
            "EU-Retrieval-XZ": "express_read_gb",
            "EU-Upload-XZ": "express_write_gb",
        },
    ),
    "AmazonECS": (
        {},
        {
            "EU-Fargate-vCPU-Hours:perCPU": "fargate_vcpu_hour_x86_64",
            "EU-Fargate-ARM-vCPU-Hours:perCPU": "fargate_vcpu_hour_arm64",
            "EU-Fargate-GB-Hours": "fargate_gb_hour_x86_64",
            "EU-Fargate-ARM-GB-Hours": "fargate_gb_hour_arm64",
        },
    ),
    "AWSELB": (
        {"productFamily": "Load Balancer-Application"},
        {"EU-LoadBalancerUsage": "alb_hour", "EU-LCUUsage": "alb_lcu_hour"},
    ),
    "AmazonCloudWatch": ({"operation": "PutLogEvents"}, {"EU-DataProcessing-Bytes": "logs_gb"}),
    "AmazonEC2": (
        {"productFamily": "NAT Gateway"},
        {"EU-NatGateway-Hours": "nat_hour", "EU-NatGateway-Bytes": "nat_gb"},
    ),
    "AmazonVPC": (
        {"productFamily": "VpcEndpoint", "operation": "VpcEndpoint"},
        {"EU-VpcEndpoint-Hours": "private_link_hour", "EU-VpcEndpoint-Bytes": "private_link_gb"},
    ),
    "awskms": ({}, {"eu-west-1-KMS-Requests": "kms_request"}),
    "AWSCloudTrail": ({}, {"EU-DataEventsRecorded": "cloudtrail_event"}),
}
# Similar usage types, which must not match.
OTHERS = {
    "AWSLambda": (
        "EU-Request-ARM",
        "EU-Lambda-Provisioned-GB-Second",
        "EU-Lambda-Edge-Request",
        "EU-Lambda-Managed-Instances-Request-ARM",
        "EU-Lambda-Managed-Instances-m7g.large-Management-Hours",
        "Global-Request",
    ),
    "AmazonS3": ("EU-Requests-SIA-Tier2", "EU-TimedStorage-SIA-ByteHrs", "EU-Retrieval-SIA"),
    "AmazonECS": (
        "EU-Fargate-Windows-vCPU-Hours:perCPU",
        "EU-Fargate-EphemeralStorage-GB-Hours",
    ),
    "AWSELB": ("Outposts-LCUUsage",),
    "AmazonCloudWatch": ("EU-DataProcessingIA-Bytes",),
    "AmazonEC2": ("EU-RegionalNatGateway-Hours", "EU-NatGateway-Prvd-Bytes"),
    "AmazonVPC": ("EU-VpcEndpoint-GWLBE-Hours", "EU-VpcEndpoint-GWLBE-Bytes"),
    "awskms": ("eu-west-1-KMS-Requests-Asymmetric", "eu-west-1-KMS-Keys", "Global-KMS-Requests"),
    "AWSCloudTrail": ("EU-PaidEventsRecorded", "EU-FreeEventsRecorded"),
}
NAMES = {usage: name for _, names in LISTED.values() for usage, name in names.items()}
USD = {usage: f"0.00{i:02}000000" for i, usage in enumerate(NAMES, 1)}
SERVICE = {name: service for service, (_, names) in LISTED.items() for name in names.values()}
CLIENT = boto3.client(
    "pricing", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
)


def product(service: str, usage: str, usd: str, **attributes: str) -> dict[str, Any]:
    """Return an entry of the list: a product with its prices on demand, most expensive tier first."""
    dimensions = {
        f"SKU.TERM.{i}": {
            "unit": "Requests",
            "beginRange": begin,
            "endRange": "Inf",
            "description": f"${price} per unit",
            "appliesTo": [],
            "rateCode": f"SKU.TERM.{i}",
            "pricePerUnit": {"USD": price},
        }
        for i, (begin, price) in enumerate((("51200", "0.9"), ("0", usd)))
    }
    return {
        "product": {
            "productFamily": "Any",
            "attributes": {"servicecode": service, "usagetype": usage, **attributes},
            "sku": "SKU",
        },
        "serviceCode": service,
        "terms": {"OnDemand": {"SKU.TERM": {"priceDimensions": dimensions, "sku": "SKU"}}},
        "version": "20260831092318",
        "publicationDate": "2026-08-31T09:23:18Z",
    }


def of_service(service: str, lacking: Set[str] = frozenset()) -> list[dict[str, Any]]:
    """Return a service's entries for eu-west-1, without the usage types that are lacking."""
    usages = {usage: USD[usage] for usage in LISTED[service][1] if usage not in lacking}
    usages |= dict.fromkeys(OTHERS[service], "0.5")
    return [product(service, usage, usd) for usage, usd in usages.items()]


@pytest.fixture
def pricing():
    with Stubber(CLIENT) as stub:
        yield CLIENT, stub


def answer(stub: Stubber, service: str, pages: list[list[dict[str, Any]]], **wanted: str) -> None:
    """Expect one request per page, and check its parameters."""
    filters = [
        {"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in wanted.items()
    ]
    for i, page in enumerate(pages):
        expected = {"ServiceCode": service, "Filters": filters}
        response = {"FormatVersion": "aws_v1", "PriceList": [json.dumps(one) for one in page]}
        if i:
            expected["NextToken"] = str(i)
        if i < len(pages) - 1:
            response["NextToken"] = str(i + 1)
        stub.add_response("get_products", response, expected)


def answer_services(stub: Stubber, lacking: Set[str] = frozenset()) -> None:
    """Answer for eu-west-1 with every service, without the usage types that are lacking."""
    for service, (wanted, _) in LISTED.items():
        answer(stub, service, [of_service(service, lacking)], regionCode="eu-west-1", **wanted)


def answer_instance(
    stub: Stubber, products: list[dict[str, Any]], type_: str = "g6.xlarge"
) -> None:
    answer(
        stub,
        "AmazonEC2",
        [products],
        regionCode="eu-west-1",
        instanceType=type_,
        operatingSystem="Linux",
        tenancy="Shared",
        preInstalledSw="NA",
        capacitystatus="Used",
        marketoption="OnDemand",
    )


@given(st.sets(st.sampled_from(sorted(NAMES)), max_size=len(NAMES) - 1))
def test_what_is_listed_is_read_and_the_rest_is_kept(lacking):
    """A region may lack any price; those of us-east-1 say where they are from."""
    with Stubber(CLIENT) as stub:
        answer_services(stub, lacking)
        found = refresh(CLIENT, "eu-west-1", [], KNOWN)
        stub.assert_no_pending_responses()
    listed = {name: float(USD[usage]) for usage, name in NAMES.items() if usage not in lacking}
    for name in RATES:
        price, known = getattr(found, name), getattr(KNOWN["us-east-1"], name)
        if name in listed:
            assert price.usd == listed[name]
            assert price.source == f"AWS Price List API, {SERVICE[name]} 20260831092318"
            assert re.fullmatch(r"\d{4}-\d\d-\d\d", price.date)
        else:
            source = f"{known.source} (of us-east-1, not of eu-west-1)"
            assert price == replace(known, source=source)
    assert (found.instances, found.spot) == ({}, {})


def test_what_the_list_never_has():
    assert set(RATES) - set(NAMES.values()) == {"object_lambda_gb", "zone_gb", "managed_share"}


@pytest.mark.parametrize(
    ("type_", "attributes", "size"),
    [("g6.xlarge", {"vcpu": "4", "gpu": "1"}, (4, 1)), ("c8g.large", {"vcpu": "2"}, (2, 0))],
)
def test_an_instance_is_read_with_its_size(pricing, type_, attributes, size):
    client, stub = pricing
    answer_services(stub)
    listed = product("AmazonEC2", f"EU-BoxUsage:{type_}", "0.8982", **attributes)
    answer_instance(stub, [listed], type_)
    (machine,) = refresh(client, "eu-west-1", [type_], KNOWN).instances.values()
    assert (machine.usd, machine.vcpus, machine.gpus) == (0.8982, *size)
    assert machine.source == "AWS Price List API, AmazonEC2 20260831092318"


def test_a_part_of_a_gpu_is_refused(pricing):
    client, stub = pricing
    answer_services(stub)
    part = product("AmazonEC2", "EU-BoxUsage:g6f.large", "0.3", vcpu="2", gpu="0.125")
    answer_instance(stub, [part], "g6f.large")
    with pytest.raises(NotListed, match=r"0\.125 GPUs of g6f\.large, not a whole number"):
        refresh(client, "eu-west-1", ["g6f.large"], KNOWN)


def test_prices_that_the_list_lacks_are_kept_from_the_regions_own(pricing):
    """Spot prices differ between regions, so none is taken from another."""
    client, stub = pricing
    answer_services(stub)
    own = replace(KNOWN["us-east-1"], zone_gb=Price(0.02, "2026-11", "a bill"))
    found = refresh(client, "eu-west-1", [], {**KNOWN, "eu-west-1": own})
    assert (found.zone_gb, found.spot) == (own.zone_gb, own.spot)


def test_pages_of_the_list_are_joined(pricing):
    client, stub = pricing
    for service, (wanted, _) in LISTED.items():
        entries = of_service(service)
        pages = [entries[:1], entries[1:]]
        answer(stub, service, pages, regionCode="eu-west-1", **wanted)
    found = refresh(client, "eu-west-1", [], KNOWN)
    assert {name: getattr(found, name).usd for name in NAMES.values()} == {
        name: float(USD[usage]) for usage, name in NAMES.items()
    }


def test_a_region_that_the_list_does_not_have(pricing):
    client, stub = pricing
    for service, (wanted, _) in LISTED.items():
        answer(stub, service, [[]], regionCode="eu-nowhere-1", **wanted)
    with pytest.raises(NotListed, match="lists no prices in eu-nowhere-1; check the region's name"):
        refresh(client, "eu-nowhere-1", [], KNOWN)


def test_a_price_that_is_listed_twice_is_not_guessed(pricing):
    client, stub = pricing
    twice = [*of_service("AWSLambda"), product("AWSLambda", "EU-Request", "0.1")]
    answer(stub, "AWSLambda", [twice], regionCode="eu-west-1")
    with pytest.raises(NotListed, match=r"lists EU-Request at 0\.0003 and at 0\.1"):
        refresh(client, "eu-west-1", [], KNOWN)


@pytest.mark.parametrize("count", [0, 2])
def test_an_instance_must_be_listed_once(pricing, count):
    client, stub = pricing
    answer_services(stub)
    answer_instance(stub, [product("AmazonEC2", "x", "1", vcpu="4")] * count)
    with pytest.raises(NotListed, match=f"lists {count} prices of g6.xlarge in eu-west-1"):
        refresh(client, "eu-west-1", ["g6.xlarge"], KNOWN)


def test_a_price_in_no_first_tier_is_not_guessed(pricing):
    client, stub = pricing
    reserved = product("AWSLambda", "EU-Request", "1")
    reserved["terms"] = {"Reserved": reserved["terms"]["OnDemand"]}
    answer(stub, "AWSLambda", [[reserved]], regionCode="eu-west-1")
    with pytest.raises(NotListed, match="lists 0 prices of EU-Request on demand"):
        refresh(client, "eu-west-1", [], KNOWN)
