"""Runs `handler.app` against Lambda's Runtime API, in one process or in several workers."""

from __future__ import annotations

import os
import sys

from handler.runtime_client.connection import RuntimeApi
from handler.runtime_client.failures import log_as_json
from handler.runtime_client.process import INIT_FAILED, report_init_failure, run_process

# As the image names its handler. This client runs no other.
_HANDLER = "handler.app.lambda_handler"


def main() -> int:
    """Run until this process is asked to end; return its exit status."""
    named = sys.argv[1:]
    if named not in ([], [_HANDLER]):
        sys.stderr.write(
            f"jitprep's runtime client runs {_HANDLER} only, not {' '.join(named)}; set "
            "JITPREP_RUNTIME_CLIENT=awslambdaric to run another handler\n"
        )
        return 64
    log_as_json()
    address = os.environ["AWS_LAMBDA_RUNTIME_API"]
    workers = os.environ.get("AWS_LAMBDA_MAX_CONCURRENCY")
    if workers is None:
        return run_process(RuntimeApi(address))
    if not (workers.isdecimal() and int(workers)):
        refused = f"AWS_LAMBDA_MAX_CONCURRENCY must be a whole number above 0, got {workers!r}"
        report_init_failure(RuntimeApi(address), ValueError(refused))
        return INIT_FAILED
    from handler.runtime_client.workers import supervise_workers  # noqa: PLC0415  few have workers

    return supervise_workers(address, int(workers))


if __name__ == "__main__":
    sys.exit(main())
