"""Writers of shards, one per format."""

from __future__ import annotations

from typing import IO, Any, Protocol

from jitprep.backfill.job import BackfillJob
from jitprep.backfill.listing import ListedObject
from jitprep.backfill.reading import Copy
from jitprep.backfill.webdataset import TarWriter

CONTENT_TYPES = {"tar": "application/x-tar", "parquet": "application/vnd.apache.parquet"}


class ShardWriter(Protocol):
    """Writer of one shard."""

    def add(self, original: ListedObject, copy: Copy) -> None:
        """Write a copy."""

    def close(self) -> None:
        """Write what follows the last copy; the file stays open."""


def shard_writer(file: IO[bytes], job: BackfillJob, columns: Any = None) -> ShardWriter:
    """Return a writer for the job's format.

    Parameters
    ----------
    file : file
        Open for writing.
    job : BackfillJob
        Its format is ``tar`` or ``parquet``.
    columns : pyarrow.StructType, optional
        Of the other columns, where the originals are rows of a table.
    """
    if job.format == "tar":
        return TarWriter(file, job.pipeline)
    from jitprep.backfill.parquet import ParquetWriter  # noqa: PLC0415  pyarrow is an extra

    return ParquetWriter(file, job, columns)
