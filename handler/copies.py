"""What a stored copy of a derived object tells of itself, and whether it is still the right one."""

from __future__ import annotations

from collections.abc import Mapping

from preprocessing import Pipeline


def told(metadata: Mapping[str, str], source_etag: str) -> dict[str, str]:
    """Return what a derived object tells of how it was made, without the prefix that S3's headers have.

    Parameters
    ----------
    metadata : mapping of str to str
        What the pipeline tells.
    source_etag : str
        The original's, in quotes.
    """
    return {**metadata, "source-etag": source_etag}


def is_current(
    metadata: Mapping[str, str], pipeline: Pipeline, source_etag: str, seed: int
) -> bool:
    """Whether a copy that tells this is what the pipeline would make of the original now.

    Parameters
    ----------
    metadata : mapping of str to str
        The copy's own, as `told` has it; boto3's ``Metadata``.
    pipeline : Pipeline
    source_etag : str
        The original's as it is now, in quotes.
    seed : int
        What random transforms would draw from.
    """
    wanted = {"fingerprint": pipeline.fingerprint, "source-etag": source_etag}
    if pipeline.random:
        wanted["seed"] = str(seed)
    return wanted.items() <= dict(metadata).items()
