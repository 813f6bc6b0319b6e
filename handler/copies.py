"""What a stored copy of a derived object tells of itself, and whether it is still the right one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from preprocessing import Pipeline

# S3 takes 2 KB of metadata, names included.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
MOST_METADATA = 2048


# S3's answers to a write whose condition no longer holds, or that another write is about to end.
OVERTAKEN = frozenset({409, 412})


@dataclass(frozen=True, slots=True)
class Found:
    """What is at a copy's place already.

    Parameters
    ----------
    etag : str
        Its own, in quotes.
    metadata : mapping of str to str
        boto3's ``Metadata``.
    """

    etag: str
    metadata: Mapping[str, str]

    @property
    def is_copy(self) -> bool:
        """Whether jitprep made it, and so may write over it."""
        return "fingerprint" in self.metadata


def condition(found: Found | None) -> dict[str, str]:
    """Return PutObject's condition that what was found is there still, or still nothing is."""
    return {"IfNoneMatch": "*"} if found is None else {"IfMatch": found.etag}


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


def storable(metadata: Mapping[str, str]) -> Mapping[str, str]:
    """Return a copy's metadata as S3 can store it.

    The text of the pipeline is left out where the metadata would be too large with it, since its
    fingerprint says the same. The owner's metadata never is.
    """
    if size_of(metadata) <= MOST_METADATA:
        return metadata
    return {name: value for name, value in metadata.items() if name != "pipeline"}


def size_of(metadata: Mapping[str, str]) -> int:
    """Return how many bytes metadata has, as S3 counts them."""
    return sum(len(name) + len(value) for name, value in metadata.items())


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
