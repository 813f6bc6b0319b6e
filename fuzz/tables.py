"""Any bytes as a table of samples or as a manifest: its rows, or an error of the library."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from fuzz.laws import LIMITS
from jitprep.reader.loading.manifest import manifest_columns
from jitprep.tables.arrow import as_python
from jitprep.tables.table import Table
from preprocessing import PreprocessingError

RUNS = 6_000
WORDS = ["PAR1", "key", "label", "parquet-cpp-arrow", "ARROW:schema", "e+308", '""', "schema"]
_COLUMNS = {
    "key": ["a.jpg", "b/c.jpg", "größe.png"],
    "label": [3, 1, None],
    "weight": [0.5, 2.0, -1e300],
    "box": [[1, 2], [], None],
    "image": [{"bytes": b"\xff\xd8", "path": "a.jpg"}, {"bytes": None, "path": None}, None],
}
_FOLDER = tempfile.TemporaryDirectory(prefix="jitprep-fuzz-")


def seeds() -> Iterator[bytes]:
    """Return a table in each compression and encoding of Parquet, and as CSV."""
    table = pa.table(_COLUMNS)
    for compression in ("none", "snappy", "gzip", "zstd", "lz4", "brotli"):
        for version, pages, dictionary in (("1.0", "1.0", False), ("2.6", "2.0", True)):
            stream = BytesIO()
            parquet.write_table(
                table,
                stream,
                compression=compression,
                version=version,
                data_page_version=pages,
                use_dictionary=dictionary,
            )
            yield stream.getvalue()
    for names in (["key"], ["key", "label"], ["label"]):
        stream = BytesIO()
        parquet.write_table(table.select(names).slice(0, 0), stream)
        yield stream.getvalue()
    yield b'key,label\na.jpg,1\n"b,""c"".jpg",-2\n'
    yield "\ufeffkey,label,name\ngröße.jpg,0.5,x\nb.jpg,1e3,007\n".encode()


def target(data: bytes) -> None:
    """Read the bytes as a table, and as each kind of manifest."""
    _read_samples(data)
    for name in ("table.parquet", "table.csv"):
        path = Path(_FOLDER.name, name)
        path.write_bytes(data)
        try:
            columns = manifest_columns(path)
        except ValueError as error:
            str(error).encode("utf-8", "surrogateescape")
            continue
        assert "key" in columns
        assert len({len(column) for column in columns.values()}) == 1, columns


def _read_samples(data: bytes) -> None:
    """Read all row groups, as a reader does."""

    def fetch(start: int, stop: int) -> bytes:
        assert 0 <= start <= stop <= len(data), (start, stop)
        return data[start:stop]

    try:
        table = Table(fetch, len(data), "image", LIMITS)
        for group in table.groups:
            rows = table.samples(fetch, group)
            assert len(rows) == table.footer.groups[group].rows
            assert sum(len(rows[place] or b"") for place in range(len(rows))) < LIMITS.memory
            assert len(as_python(table.others(fetch, group))) == len(rows)
    except PreprocessingError as error:
        str(error).encode("utf-8", "surrogateescape")
