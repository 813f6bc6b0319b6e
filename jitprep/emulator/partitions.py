"""The partition of a region, such as `aws` or `aws-cn`, from botocore's data."""

from __future__ import annotations

import re
from functools import cache


@cache
def partition_of(region: str) -> tuple[str, str]:
    """Return the name of a region's partition, and its DNS suffix.

    A region that botocore does not know belongs to `aws`.
    """
    from botocore.loaders import create_loader  # noqa: PLC0415 - the pytest plugin loads this

    found = create_loader().load_data("endpoints")["partitions"]
    for partition in found:
        if region in partition["regions"] or re.fullmatch(partition["regionRegex"], region):
            return str(partition["partition"]), str(partition["dnsSuffix"])
    return "aws", "amazonaws.com"
