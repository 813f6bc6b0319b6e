"""Price files: the built-in one, errors, and round trips."""

from __future__ import annotations

import tomllib
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitprep.costs.inputs.prices import (
    ARCHS,
    RATES,
    SHIPPED,
    Instance,
    Price,
    PriceError,
    Prices,
    dump_prices,
    load_prices,
    parse_prices,
)

TABLE = tomllib.loads(SHIPPED.read_text())["us-east-1"]

texts = st.text('aé"\\\t #=]', min_size=1, max_size=8)
rest = (st.floats(0, 1e6), st.sampled_from(["2026-09", "2026-09-06"]), texts)
sizes = (st.integers(1, 1000), st.integers(0, 16))
instances = st.dictionaries(texts, st.builds(Instance, *rest, *sizes), max_size=2)


def test_the_built_in_file_has_every_price_with_date_and_source():
    shipped = load_prices(SHIPPED)
    assert "us-east-1" in shipped
    for region in shipped.values():
        every = [getattr(region, name) for name in RATES]
        every += [*region.instances.values(), *region.spot.values()]
        assert all(price.usd > 0 and price.source.startswith("https://aws.") for price in every)
        assert region.lambda_gb_second("arm64") < region.lambda_gb_second("x86_64")
        assert all(x86 > arm for x86, arm in zip(*map(region.fargate_hour, ARCHS), strict=True))
        for name, machine in region.spot.items():
            assert machine.usd < region.instances[name].usd
            assert machine.vcpus == region.instances[name].vcpus
            assert machine.gpus == region.instances[name].gpus
        for name, machine in region.instances.items():
            assert (machine.gpus > 0) == name.startswith(("g", "p"))
        assert region.express_get.usd < region.s3_get.usd
        assert region.express_put.usd < region.s3_put.usd
        assert region.express_gb_month.usd > region.s3_gb_month.usd
        assert region.managed_share.usd < 1
    assert {field.name for field in fields(Prices)} == {*RATES, "instances", "spot"}


@given(st.builds(Price, *rest), instances, instances)
def test_a_written_file_is_read_back(tmp_path_factory, price, instances, spot):
    prices = Prices(**dict.fromkeys(RATES, price), instances=instances, spot=spot)
    regions = {"us-east-1": prices, "us-gov-west-1": prices}
    path = tmp_path_factory.mktemp("prices") / "prices.toml"
    path.write_text(dump_prices(regions), encoding="utf-8")
    assert load_prices(path) == regions


@pytest.mark.parametrize(
    ("field", "row", "said"),
    [
        ("s3_get", None, "here lacks s3_get"),
        ("s3_got", {}, "here has unknown fields: s3_got"),
        ("s3_get", 0.1, "here.s3_get must be a table"),
        ("s3_get", {"usd": "0.1"}, 'here.s3_get.usd must be a number of dollars, got "0.1"'),
        ("s3_get", {"usd": True}, "here.s3_get.usd must be a number of dollars, got True"),
        ("s3_get", {"usd": -1}, "here.s3_get.usd must be from 0 to a million, got -1"),
        ("s3_get", {"usd": float("nan")}, "here.s3_get.usd must be from 0"),
        ("s3_get", {"usd": 10**400}, "here.s3_get.usd must be from 0"),
        ("s3_get", {"date": "yesterday"}, "here.s3_get.date must be text such as"),
        ("s3_get", {"source": ""}, "here.s3_get.source must say where"),
        ("s3_get", {"note": ""}, "here.s3_get has unknown fields: note"),
        ("instances", [], "here.instances must be a table"),
        ("spot", None, "here lacks spot"),
        ("managed_share", None, "here lacks managed_share"),
        ("spot", {"c8g.large": {}}, "here.spot.c8g.large lacks date, gpus, source, usd, vcpus"),
        ("instances", {"g5.xlarge": {}}, "here.instances.g5.xlarge lacks date, gpus, source, usd"),
        *[
            (
                "instances",
                {"g5.xlarge": {**TABLE["instances"]["g5.xlarge"], name: value}},
                f"here.instances.g5.xlarge.{name} must be a whole number from {least} to 10000, "
                f"got {value}",
            )
            for name, least in (("vcpus", 1), ("gpus", 0))
            for value in (least - 1, 1.5, True, 10_001)
        ],
    ],
)
def test_a_wrong_price_is_named_by_its_field(field, row, said):
    table = dict(TABLE)
    if row is None:
        del table[field]
    elif isinstance(row, dict) and field in RATES:
        table[field] = {**table[field], **row}
    else:
        table[field] = row
    with pytest.raises(PriceError) as caught:
        parse_prices(table, "here")
    assert said in str(caught.value).replace("'", '"')


def test_a_wrong_file_is_named(tmp_path):
    path = tmp_path / "mine.toml"
    for text, said in (
        (None, "No such file"),
        ("[", "mine.toml"),
        ("a = " + "[" * 100_000, "its tables are nested too deeply"),
        ("[Ohio]", "'Ohio' is not a region's name"),
        ("[us-east-1]\ns3_get = 1", "mine.toml: us-east-1 lacks"),
    ):
        if text is not None:
            path.write_text(text)
        with pytest.raises(PriceError, match=r"mine\.toml") as caught:
            load_prices(path)
        assert said in str(caught.value)
