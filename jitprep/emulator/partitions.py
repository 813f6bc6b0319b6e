"""The partition that a region is in, by botocore's data: `aws`, `aws-cn` and so on."""

from __future__ import annotations

import re
from functools import cache


@cache
def partition_of(region: str) -> tuple[str, str]:
    """Return the name of a region's partition, and the end of its hosts' names.

    A region that botocore does not know is taken for one of `aws`.
    """
    from botocore.loaders import create_loader  # noqa: PLC0415 - the pytest plugin loads this

    found = create_loader().load_data("endpoints")["partitions"]
    for partition in found:
        if region in partition["regions"] or re.fullmatch(partition["regionRegex"], region):
            return str(partition["partition"]), str(partition["dnsSuffix"])
    return "aws", "amazonaws.com"
