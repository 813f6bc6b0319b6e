"""Lambda's limit on what a function returns, and how many bytes of body fit into it."""

from __future__ import annotations

# Lambda's quota for a function's result: 6 MB of JSON, in which a body is base64.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
RESULT_BYTES = 6 * 2**20
# Everything beside the body: S3 allows 2 KB of metadata, and a presigned URL in a header is no longer.
_OVERHEAD_BYTES = 16 * 2**10


def max_body_bytes(overhead: int = 0) -> int:
    """Return how many bytes of body fit into a function's result.

    Parameters
    ----------
    overhead : int
        Bytes of JSON that the result has in addition to the body and to what every result has.

    Returns
    -------
    int
        Bytes before base64; 0 where nothing fits.
    """
    return max(RESULT_BYTES - _OVERHEAD_BYTES - overhead, 0) // 4 * 3
