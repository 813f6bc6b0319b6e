"""Shards as Parquet files: a row for each copy."""

from __future__ import annotations

from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from jitprep.backfill.job import BackfillJob
from jitprep.backfill.listing import ListedObject
from jitprep.backfill.reading import Copy
from jitprep.backfill.shards import shard_metadata
from jitprep.service.results.copy_metadata import PREFIX

# Rows are written together once their bodies have so many bytes: what a reader has in memory at least.
_GROUP = 64 * 2**20
_COLUMNS = (
    pa.field("key", pa.string(), nullable=False),
    pa.field("etag", pa.string(), nullable=False),
    pa.field("body", pa.binary(), nullable=False),
    pa.field("shape", pa.list_(pa.int32()), nullable=False),
    pa.field("dtype", pa.string(), nullable=False),
    pa.field("metadata", pa.map_(pa.string(), pa.string()), nullable=False),
)


class ParquetWriter:
    """Writes a shard: columns ``key``, ``etag``, ``body``, ``shape``, ``dtype``, ``metadata``.

    The schema's own metadata say the pipeline, its fingerprint and the bodies' content type, each name
    under our prefix. Bodies are not compressed: most encodings are.

    Parameters
    ----------
    file : file
        Open for writing.
    job : BackfillJob
    """

    def __init__(self, file: IO[bytes], job: BackfillJob) -> None:
        kind = job.pipeline.encoding.content_type
        about = {**shard_metadata(job), f"{PREFIX}content-type": kind}
        self._schema = pa.schema(_COLUMNS, about)
        self._writer = pq.ParquetWriter(
            file,
            self._schema,
            compression="none",
            use_dictionary=["dtype"],
            write_statistics=["key"],
        )
        self._rows: list[tuple[ListedObject, Copy]] = []
        self._size = 0

    def add(self, original: ListedObject, copy: Copy) -> None:
        """Write a copy."""
        self._rows.append((original, copy))
        self._size += len(copy.body)
        if self._size >= _GROUP:
            self._flush()

    def close(self) -> None:
        """Write the rest, and the footer."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        columns = [
            [original.key for original, _ in self._rows],
            [original.etag for original, _ in self._rows],
            [bytes(copy.body) for _, copy in self._rows],
            [list(copy.shape) for _, copy in self._rows],
            [copy.dtype for _, copy in self._rows],
            [list(copy.metadata.items()) for _, copy in self._rows],
        ]
        arrays = [
            pa.array(values, field.type) for values, field in zip(columns, _COLUMNS, strict=True)
        ]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
        self._rows, self._size = [], 0
