"""Lambda's limits on what a function answers, and how many bytes of body fit into them."""

from __future__ import annotations

from dataclasses import dataclass

# Lambda's quotas: 6 MB of JSON, in which a body is base64, and 200 MB of a streamed answer. Lambda sends
# the first 6 MB of a stream at full speed, and the others at 2 MB/s.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
RESULT_BYTES = 6 * 2**20
STREAMED_BYTES = 200 * 2**20
FULL_SPEED_BYTES = 6 * 2**20
# Everything beside the body: S3 allows 2 KB of metadata, and a presigned URL in a header is no longer.
_OVERHEAD_BYTES = 16 * 2**10


@dataclass(frozen=True, slots=True)
class BodyLimit:
    """What an answer of a function can carry.

    Parameters
    ----------
    nbytes : int
        Bytes of body.
    streamed : bool
        Whether the body is sent while it is made. Otherwise the function returns it whole.
    """

    nbytes: int
    streamed: bool


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


def body_limit(overhead: int = 0, *, streamed: bool) -> BodyLimit:
    """Return the limit of an answer that has `overhead` bytes of JSON in addition to the body."""
    if streamed:
        return BodyLimit(max(STREAMED_BYTES - _OVERHEAD_BYTES - overhead, 0), streamed=True)
    return BodyLimit(max_body_bytes(overhead), streamed=False)


def most_rows(row_bytes: int, row_overhead: int, *, streamed: bool) -> int:
    """Return how many rows of a batch to ask for at once: as many as Lambda sends at full speed.

    Parameters
    ----------
    row_bytes : int
        Bytes of body of a row.
    row_overhead : int
        Bytes of JSON beside the body, for the row's key and ETag.
    streamed : bool
    """
    if streamed:
        return (FULL_SPEED_BYTES - _OVERHEAD_BYTES) // (row_bytes + row_overhead)
    # In base64, three bytes take four.
    return max_body_bytes() // (row_bytes + -(-row_overhead * 3 // 4))
