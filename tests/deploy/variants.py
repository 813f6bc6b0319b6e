"""The kinds of stack that deploy/template.yaml can make, by their parameters."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.deploy import stack

_ARN = f"{stack.REGION}:{stack.ACCOUNT}"
_MONITORED = {
    "OutputBucket": "out",
    "KmsKeyArns": f"arn:aws:kms:{_ARN}:key/0a,arn:aws:kms:{_ARN}:key/0b",
    "AlarmTopic": f"arn:aws:sns:{_ARN}:alarms",
    "RequestOverrides": "pipeline,seed",
}
_NEW_CAPACITY = {
    "CapacityProvider": "new",
    "SubnetIds": "subnet-0a0a0a0a,subnet-0b0b0b0b",
    "SecurityGroupIds": "sg-0a0a0a0a",
}
_BEHIND_CLOUDFRONT = {"FrontDoor": "FunctionUrl", "CloudFront": "yes", "CloudFrontKeyGroup": "k-1"}

VARIANTS: dict[str, dict[str, Any]] = {
    "object-lambda": {"FrontDoor": "ObjectLambda"},
    "object-lambda-all": {
        **_MONITORED,
        "FrontDoor": "ObjectLambda",
        "HeadUnknownSizes": "yes",
        "Models": ",".join(stack.PRESETS["presets"]),
        "ReservedConcurrency": 0,
        "SnapStart": "yes",
        "StoreBucket": "kept",
    },
    "object-lambda-managed": {"FrontDoor": "ObjectLambda", "CapacityProvider": stack.CAPACITY},
    "url": {"FrontDoor": "FunctionUrl"},
    "url-all": {
        **_MONITORED,
        **_BEHIND_CLOUDFRONT,
        "CloudFrontCertificate": f"arn:aws:acm:{_ARN}:certificate/0a",
        "CloudFrontDomain": "data.example.com",
        "CloudFrontLogBucket": "logs",
        "CloudFrontTtl": 3600,
        "ReservedConcurrency": 7,
        "SnapStart": "yes",
        "StoreBucket": "kept",
    },
    "url-managed": {
        **_NEW_CAPACITY,
        **_BEHIND_CLOUDFRONT,
        "ManagedInstanceTypes": "c8g.*,m8g.xlarge",
    },
    "invoke": {"FrontDoor": "None"},
    "invoke-managed": {**_MONITORED, **_NEW_CAPACITY, "FrontDoor": "None", "StoreBucket": "kept"},
}


def main(folder: str) -> None:
    """Write each variant into a folder, with loops expanded and conditions evaluated."""
    for name, parameters in VARIANTS.items():
        text = json.dumps(stack.expanded(**parameters), indent=1)
        (Path(folder) / f"{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
