"""``python -m bench.doors``: what the function and the server cost beside the transform.

It also measures how the server behaves under load.

``--json`` prints JSON, with the machine; ``--quick`` runs a shorter time. ``--s3 URL`` also measures a
mount on an S3 store, into whose bucket ``jitprep-bench`` it writes 32 photographs; its keys are
AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. ``--function`` measures the function alone.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

import boto3

from bench import photos
from bench.doors import function, server
from bench.doors.serving import mount_toml
from bench.environment import occasion

_BUCKET = "jitprep-bench"


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.doors", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--quick", action="store_true", help="a shorter time")
    parser.add_argument("--s3", metavar="URL", help="also measure a mount on this store")
    parser.add_argument("--function", action="store_true", help="measure the function alone")
    options = parser.parse_args()
    mount = _bucket(options.s3) if options.s3 else None
    rounds, seconds = (5, 3.0) if options.quick else (40, 12.0)
    found: dict[str, Any] = {"function_ms": function.measure(rounds)}
    if not options.function:
        found |= server.measure(rounds, seconds, mount)
    if options.json:
        made = occasion("preprocessing", "handler", "jitprep", "bench")
        json.dump(
            {"made": made | {"rounds": rounds, "seconds": seconds}, **found}, sys.stdout, indent=1
        )
        print()
        return
    for name, value in found.items():
        print(name)
        for row, figures in value.items():
            print(f"  {row}: {figures}")


def _bucket(url: str) -> str:
    """Store the photographs, and return the configuration of a mount on them."""
    s3 = boto3.client("s3", endpoint_url=url, region_name="us-east-1")
    if _BUCKET not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=_BUCKET)
    for number in range(server.COUNT):
        body = photos.small(photos.SMALL[number % len(photos.SMALL)])
        s3.put_object(Bucket=_BUCKET, Key=f"{number:02}.jpg", Body=body)
    return mount_toml("bucket", f"s3://{_BUCKET}", server.SPEC, url)


if __name__ == "__main__":
    sys.exit(main())
