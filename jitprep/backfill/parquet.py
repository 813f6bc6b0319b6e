"""Writer of shards as Parquet files, with one row per copy."""

from __future__ import annotations

from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from jitprep.backfill.job import BackfillJob
from jitprep.backfill.listing import ListedObject
from jitprep.backfill.reading import Copy
from jitprep.backfill.shards import shard_metadata
from jitprep.service.results.copy_metadata import PREFIX

# Bytes of bodies per row group, which a reader loads as a whole.
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
    """Writer of one shard.

    Its columns are ``key``, ``etag``, ``body``, ``shape``, ``dtype`` and ``metadata``, and where the
    originals are rows of a table, ``columns``: structures of its other columns.

    The schema's metadata have the pipeline, its fingerprint and the content type of the bodies, under
    our prefix. Bodies are not compressed, because most encodings are already.

    Parameters
    ----------
    file : file
        Open for writing.
    job : BackfillJob
    columns : pyarrow.StructType, optional
        Of the other columns.
    """

    def __init__(self, file: IO[bytes], job: BackfillJob, columns: Any = None) -> None:
        kind = job.pipeline.encoding.content_type
        about = {**shard_metadata(job), f"{PREFIX}content-type": kind}
        # Parquet has no structures without fields.
        others = (pa.field("columns", columns),) if columns else ()
        self._schema = pa.schema((*_COLUMNS, *others), about)
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
        """Write the remaining rows and the footer."""
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
            [copy.columns for _, copy in self._rows],
        ]
        # The last ones only of tables.
        arrays = [
            pa.array(values, field.type)
            for values, field in zip(columns, self._schema, strict=False)
        ]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
        self._rows, self._size = [], 0
