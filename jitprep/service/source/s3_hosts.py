"""S3's hosts, by botocore's data. Written by tools/make_s3_hosts.py: do not edit."""

from __future__ import annotations

from collections.abc import Mapping

# Of each partition the suffix of its hosts, and how its regions are called.
PARTITIONS: tuple[tuple[str, str], ...] = (
    ("amazonaws.com", r"(us|eu|ap|sa|ca|me|af|il|mx)-\w+-\d+"),
    ("amazonaws.com.cn", r"cn-\w+-\d+"),
    ("amazonaws.eu", r"eusc-(de)-\w+-\d+"),
    ("c2s.ic.gov", r"us-iso-\w+-\d+"),
    ("sc2s.sgov.gov", r"us-isob-\w+-\d+"),
    ("cloud.adc-e.uk", r"eu-isoe-\w+-\d+"),
    ("csp.hci.ic.gov", r"us-isof-\w+-\d+"),
    ("amazonaws.com", r"us-gov-\w+-\d+"),
)

# What stands before the region and the suffix, or before the suffix alone.
SERVICES: Mapping[str, tuple[str, ...]] = {
    "global": (
        "accesspoint.s3-global",
        "s3",
        "s3-accelerate",
        "s3-accelerate.dualstack",
    ),
    "regional": (
        "s3",
        "s3-accelerate.dualstack",
        "s3-accesspoint",
        "s3-accesspoint-fips",
        "s3-accesspoint-fips.dualstack",
        "s3-accesspoint.dualstack",
        "s3-fips",
        "s3-fips.dualstack",
        "s3.dualstack",
    ),
}
