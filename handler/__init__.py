"""The Lambda adapter: codecs of Lambda's events, log lines and metrics. Begin at `handler.app`."""

import os

# The workers of a multi-concurrent function share its processors, so each computes in one thread. NumPy
# would start one for each processor. It reads this when it is imported.
if os.environ.get("AWS_LAMBDA_MAX_CONCURRENCY"):
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
