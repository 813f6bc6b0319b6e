"""Prices for a plan: from the built-in file, from one of the user's, or from AWS's Price List."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from jitprep.cli.console import fail, fail_to_write
from jitprep.costs.inputs.prices import (
    SHIPPED,
    PriceError,
    Prices,
    dump_prices,
    load_prices,
    prices_of,
)


def prices_for(path: Path | None, region: str, types: Iterable[str], *, refresh: bool) -> Prices:
    """Return the prices of a region that has these instance types; fail where a price is missing.

    Parameters
    ----------
    path : Path or None
        Price file; None for the built-in one.
    region : str
    types : iterable of str
    refresh : bool
        Whether to fetch current prices from AWS first, and to write them to `path`.
    """
    types = set(types)
    known = _refreshed(path, region, types) if refresh else _load(path)
    try:
        return prices_of(known, region, types, path or SHIPPED)
    except PriceError as error:
        fail(str(error), 2)


def _load(path: Path | None) -> dict[str, Prices]:
    try:
        return load_prices(path or SHIPPED)
    except PriceError as error:
        fail(str(error), 2)


def _refreshed(path: Path | None, region: str, types: set[str]) -> dict[str, Prices]:
    """Fetch a region's prices from AWS, and add them to those in the file."""
    try:
        from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError  # noqa: PLC0415  an extra
    except ModuleNotFoundError:
        fail("--refresh needs boto3, which is not installed: pip install 'jitprep[backfill]'", 2)
    from jitprep.costs.inputs.refresh import NotListed, pricing_client  # noqa: PLC0415
    from jitprep.costs.inputs.refresh import refresh as ask  # noqa: PLC0415

    if path is None:
        fail("--refresh writes the prices to a file; name it with --prices", 2)
    known = {**_load(None), **(_load(path) if path.exists() else {})}
    wanted = types.union(known[region].instances if region in known else ())
    try:
        known[region] = ask(pricing_client(), region, sorted(wanted), known)
    except NoCredentialsError as error:
        fail(
            f"AWS returned no prices: {error}; --refresh needs credentials that allow "
            f"pricing:GetProducts; without any, write prices as in {SHIPPED}"
        )
    except (NotListed, BotoCoreError, ClientError) as error:
        fail(f"AWS returned no prices: {error}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dump_prices(known), encoding="utf-8")
    except OSError as error:
        fail_to_write(path, error)
    return known
