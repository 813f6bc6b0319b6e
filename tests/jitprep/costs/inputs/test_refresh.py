"""AWS's Price List, with responses in the form of GetProducts, through boto3's client."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from jitprep.costs.inputs.prices import SHIPPED, Price, load_prices
from jitprep.costs.inputs.refresh import NotListed, refresh

KNOWN = load_prices(SHIPPED)
# Usage types of eu-west-1 in AWS's list with their prices, and similar ones that must not match.
LAMBDA = {
    "EU-Lambda-GB-Second": "0.0000166667",
    "EU-Lambda-GB-Second-ARM": "0.0000133334",
    "EU-Request": "0.0000002000",
    "EU-Request-ARM": "0.0000002100",
    "EU-Lambda-Provisioned-GB-Second": "0.0000097222",
    "EU-Lambda-Edge-Request": "0.0000006000",
    "Global-Request": "0.0000000000",
}
S3 = {
    "EU-Requests-Tier1": "0.0000050000",
    "EU-Requests-Tier2": "0.0000004000",
    "EU-Requests-SIA-Tier2": "0.0000010000",
    "EU-TimedStorage-ByteHrs": "0.0230000000",
    "EU-TimedStorage-SIA-ByteHrs": "0.0125000000",
    "EU-BatchOperations-Jobs": "0.2500000000",
    "EU-BatchOperations-Objects": "0.0000010000",
}
ECS = {
    "EU-Fargate-vCPU-Hours:perCPU": "0.0404800000",
    "EU-Fargate-GB-Hours": "0.0044450000",
    "EU-Fargate-ARM-vCPU-Hours:perCPU": "0.0323800000",
    "EU-Fargate-ARM-GB-Hours": "0.0035600000",
    "EU-Fargate-Windows-vCPU-Hours:perCPU": "0.0465520000",
    "EU-Fargate-EphemeralStorage-GB-Hours": "0.0001110000",
}
ELB = {
    "EU-LoadBalancerUsage": "0.0252000000",
    "EU-LCUUsage": "0.0080000000",
    "Outposts-LCUUsage": "0.0000000000",
}


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


def of_service(service: str, usages: dict[str, str]) -> list[dict[str, Any]]:
    return [product(service, usage, usd) for usage, usd in usages.items()]


@pytest.fixture
def pricing():
    client = boto3.client(
        "pricing", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    with Stubber(client) as stub:
        yield client, stub


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


def answer_services(stub: Stubber) -> None:
    """Answer for eu-west-1 with every service."""
    for service, usages in (("AWSLambda", LAMBDA), ("AmazonS3", S3), ("AmazonECS", ECS)):
        answer(stub, service, [of_service(service, usages)], regionCode="eu-west-1")
    application = {"regionCode": "eu-west-1", "productFamily": "Load Balancer-Application"}
    answer(stub, "AWSELB", [of_service("AWSELB", ELB)], **application)


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
    )


def test_a_region_is_read_from_the_list(pricing):
    client, stub = pricing
    answer_services(stub)
    answer_instance(stub, [product("AmazonEC2", "EU-BoxUsage:g6.xlarge", "0.8982", vcpu="4")])
    found = refresh(client, "eu-west-1", ["g6.xlarge"], KNOWN)
    stub.assert_no_pending_responses()
    assert found.lambda_gb_second_x86_64.usd == 0.0000166667
    assert found.lambda_gb_second_arm64.usd == 0.0000133334
    assert found.lambda_request.usd == 0.0000002
    assert (found.s3_get.usd, found.s3_put.usd, found.s3_gb_month.usd) == (4e-7, 5e-6, 0.023)
    assert (found.batch_job.usd, found.batch_object.usd) == (0.25, 1e-6)
    assert found.s3_get.source == "AWS Price List API, AmazonS3 20260831092318"
    assert (found.fargate_hour("x86_64"), found.fargate_hour("arm64")) == (
        (0.04048, 0.004445),
        (0.03238, 0.00356),
    )
    assert (found.alb_hour.usd, found.alb_lcu_hour.usd) == (0.0252, 0.008)
    assert (found.instances["g6.xlarge"].usd, found.instances["g6.xlarge"].vcpus) == (0.8982, 4)
    taken_over = KNOWN["us-east-1"].object_lambda_gb
    assert (found.object_lambda_gb.usd, found.object_lambda_gb.date) == (0.005, taken_over.date)
    assert "of us-east-1, not of eu-west-1" in found.object_lambda_gb.source
    assert "of us-east-1, not of eu-west-1" in found.zone_gb.source
    assert found.spot == {}


def test_prices_that_the_list_lacks_are_kept_from_the_regions_own(pricing):
    """Spot prices differ between regions, so none is taken from another."""
    client, stub = pricing
    answer_services(stub)
    own = replace(KNOWN["us-east-1"], zone_gb=Price(0.02, "2026-11", "a bill"))
    found = refresh(client, "eu-west-1", [], {**KNOWN, "eu-west-1": own})
    assert (found.zone_gb, found.spot) == (own.zone_gb, own.spot)


def test_pages_of_the_list_are_joined(pricing):
    client, stub = pricing
    functions = of_service("AWSLambda", LAMBDA)
    answer(stub, "AWSLambda", [functions[:1], functions[1:]], regionCode="eu-west-1")
    answer(stub, "AmazonS3", [[]], regionCode="eu-west-1")
    with pytest.raises(NotListed, match="lists no batch_job"):
        refresh(client, "eu-west-1", [], KNOWN)


def test_a_region_that_the_list_does_not_have(pricing):
    client, stub = pricing
    answer(stub, "AWSLambda", [[]], regionCode="eu-nowhere-1")
    with pytest.raises(NotListed, match=r"lists no lambda_gb_second_arm64.* in eu-nowhere-1"):
        refresh(client, "eu-nowhere-1", [], KNOWN)


def test_a_price_that_is_listed_twice_is_not_guessed(pricing):
    client, stub = pricing
    twice = [*of_service("AWSLambda", LAMBDA), product("AWSLambda", "EU-Request", "0.0000003")]
    answer(stub, "AWSLambda", [twice], regionCode="eu-west-1")
    with pytest.raises(NotListed, match="lists EU-Request at 2e-07 and at 3e-07"):
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
