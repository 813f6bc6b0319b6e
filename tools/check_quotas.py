"""Preflight of a deployment: whether the account's Lambda quotas carry the reads of a training.

``deploy/check-quotas`` runs it. It reads the quotas and changes nothing. Its exit status is 0 where they
are enough, 1 where they are not, and 2 where they could not be read.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from typing import NamedTuple

import boto3
from botocore.exceptions import BotoCoreError, ClientError

# Of Service Quotas: "Concurrent executions" of Lambda.
_SERVICE, _QUOTA = "lambda", "L-B99A9384"
# Synchronous requests a second that Lambda lets in for each concurrent execution of the limit; so a read
# that is shorter than 100 ms needs more of the quota than is ever running.
_REQUESTS_EACH = 10
# Lambda adds so many execution environments to a function in each period.
_RAMP, _RAMP_S = 1000, 10
# What must stay unreserved in an account.
_LEAST_UNRESERVED = 100
# GETs a second that one prefix of a bucket serves before S3 divides it.
_GETS_OF_A_PREFIX = 5500
# Requests for a higher quota are in these states until they are answered.
_UNDER_WAY = ("PENDING", "CASE_OPENED")


class Load(NamedTuple):
    """The reads of a training.

    Parameters
    ----------
    reads_per_s : float
    seconds : float
        How long the function works on one read.
    """

    reads_per_s: float
    seconds: float

    @property
    def running(self) -> int:
        """How many reads are in the function at once, by Little's law."""
        return math.ceil(self.reads_per_s * self.seconds - 1e-9)

    @property
    def concurrency(self) -> int:
        """The concurrency that lets all reads in."""
        return max(self.running, math.ceil(self.reads_per_s / _REQUESTS_EACH - 1e-9))


class Quotas(NamedTuple):
    """Lambda's quotas of an account in a Region.

    Parameters
    ----------
    region : str
    concurrency, unreserved : int
        The concurrent executions of all functions, and of those that reserve none.
    reserved : int, optional
        What the function reserves; None where it shares what is unreserved.
    requested : int, optional
        The concurrency that was asked for and neither granted nor refused yet.
    """

    region: str
    concurrency: int
    unreserved: int
    reserved: int | None = None
    requested: int | None = None

    @property
    def available(self) -> int:
        """The concurrency that the function can have."""
        return self.unreserved if self.reserved is None else self.reserved


def read_quotas(region: str | None, function: str | None) -> Quotas:
    """Ask AWS.

    Raises
    ------
    BotoCoreError, ClientError
        Where the account's settings, or the function's, cannot be read. Service Quotas is only asked
        for requests under way, and may refuse.
    """
    client = boto3.client("lambda", region_name=region)
    limits = client.get_account_settings()["AccountLimit"]
    reserved = None
    if function is not None:
        found = client.get_function_concurrency(FunctionName=function.partition(":")[0])
        reserved = found.get("ReservedConcurrentExecutions")
    return Quotas(
        client.meta.region_name,
        limits["ConcurrentExecutions"],
        limits["UnreservedConcurrentExecutions"],
        reserved,
        _requested(client.meta.region_name),
    )


def _requested(region: str) -> int | None:
    """Return the largest concurrency that was asked for and not answered, as far as that may be read."""
    client = boto3.client("service-quotas", region_name=region)
    try:
        found = client.list_requested_service_quota_change_history_by_quota(
            ServiceCode=_SERVICE, QuotaCode=_QUOTA
        )["RequestedQuotas"]
    except (BotoCoreError, ClientError):
        return None
    return max(
        (int(it["DesiredValue"]) for it in found if it["Status"] in _UNDER_WAY), default=None
    )


def shortage(quotas: Quotas, load: Load) -> list[str]:
    """Return what must be done before the function carries the load; nothing where it does."""
    missing = load.concurrency - quotas.available
    if missing <= 0:
        return []
    said = [
        f"not enough: {load.concurrency:,} are needed and {quotas.available:,} available; "
        "Lambda answers 429 to the reads above that"
    ]
    # A function that reserves draws on what others leave, except for the part that must stay unreserved.
    free = quotas.unreserved + (quotas.reserved or 0)
    spare = 0 if quotas.reserved is None else _LEAST_UNRESERVED
    if quotas.reserved is not None:
        said.append(f"deploy the stack with ReservedConcurrency={load.concurrency}")
    if (lacking := load.concurrency + spare - free) > 0:
        desired = math.ceil((quotas.concurrency + lacking) / 100) * 100
        said.append(
            f"ask for a higher quota:\n  aws service-quotas request-service-quota-increase "
            f"--region {quotas.region} --service-code {_SERVICE} --quota-code {_QUOTA} "
            f"--desired-value {desired}"
        )
        if quotas.requested is not None:
            said.append(f"a request for {quotas.requested:,} is under way")
    return said


def advice(quotas: Quotas, load: Load) -> list[str]:
    """Return what to expect of the ramp, of function URLs and of S3."""
    said = []
    if (waves := math.ceil(load.running / _RAMP)) > 1:
        said.append(
            f"ramp: Lambda starts {_RAMP:,} copies of a function every {_RAMP_S} s, so all are there "
            f"after {(waves - 1) * _RAMP_S} s; until then it answers 429 to some reads"
        )
    rate = quotas.available * _REQUESTS_EACH
    said.append(f"URL and Invoke: Lambda lets in {rate:,} requests a second, ten for each of these")
    prefixes = math.ceil(load.reads_per_s / _GETS_OF_A_PREFIX)
    said.append(
        f"S3: a prefix serves {_GETS_OF_A_PREFIX:,} GETs a second until S3 divides it; "
        + (
            "one is enough"
            if prefixes <= 1
            else f"spread the keys over {prefixes} prefixes, or expect 503 SlowDown at first"
        )
    )
    return said


def main(arguments: Sequence[str]) -> int:
    """Check the quotas and print what was found; return the exit status."""
    options = _parser().parse_args(arguments)
    load = _load(options)
    try:
        quotas = read_quotas(options.region, options.function)
    except (BotoCoreError, ClientError) as error:
        print(
            f"deploy/check-quotas: {str(error).rstrip('.')}; give credentials and a Region that may "
            "call lambda:GetAccountSettings and, for --function, lambda:GetFunctionConcurrency",
            file=sys.stderr,
        )
        return 2
    print(
        f"{quotas.region}: {quotas.concurrency:,} concurrent executions, {quotas.unreserved:,} of them "
        "unreserved"
        + (f"; {quotas.reserved:,} of the function" if quotas.reserved is not None else "")
    )
    if load is None:
        return 0
    print(
        f"{load.reads_per_s:,.0f} reads a second of {load.seconds * 1000:,.0f} ms: {load.running:,} run "
        f"at once, and a concurrency of {load.concurrency:,} lets all of them in"
    )
    lacking = shortage(quotas, load)
    for line in (*(lacking or ["enough"]), *advice(quotas, load)):
        print(line)
    return 1 if lacking else 0


def _load(options: argparse.Namespace) -> Load | None:
    """Return the load: so many readers that each wait for one read, or so many reads a second."""
    if options.readers is not None:
        return Load(options.readers * 1000 / options.ms, options.ms / 1000)
    return None if options.rate is None else Load(options.rate, options.ms / 1000)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "deploy/check-quotas",
        description="Say whether this account's Lambda quotas carry a training's reads.",
        epilog="Exit status: 0 where they do, 1 where they do not, 2 where they could not be read.",
    )
    parser.add_argument("--region", help="default: the Region of the AWS command line")
    parser.add_argument("--function", help="a deployed function, which may reserve concurrency")
    load = parser.add_mutually_exclusive_group()
    load.add_argument(
        "--readers", type=number_above_0, help="how many readers wait for an answer at once"
    )
    load.add_argument(
        "--rate", type=number_above_0, help="how many objects training reads in a second"
    )
    parser.add_argument(
        "--ms", type=number_above_0, default=100.0, help="Lambda's Duration of a read; default: 100"
    )
    return parser


def number_above_0(text: str) -> float:
    """Return the number that an option gives; argparse names this function where it is wrong."""
    value = float(text)
    if not 0 < value < math.inf:
        raise ValueError(text)
    return value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
