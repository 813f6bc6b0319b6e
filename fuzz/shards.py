"""Any bytes as a shard: the members that Python's tarfile reads, or one of the library's errors."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from itertools import product

from preprocessing import Limits, PreprocessingError, ShardPipeline
from preprocessing.shards.byte_stream import ByteStream, pieces_of
from preprocessing.shards.tar_reader import read_members
from soak import mutants

RUNS = 30_000
WORDS = ["ustar", "ustar  ", "././@LongLink", "path=", "size=", "GNU.sparse.map=", "mtime=", ".jpg"]
_LIMITS = Limits(source_bytes=2**16, pixels=2**16, side=2**10, members=50)
_PIPELINE = ShardPipeline.parse("tar:on_bad=skip/resize:4,4/npy")
_FORMATS = (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)


def seeds() -> Iterator[bytes]:
    """Return archives in each format, with names of every length that one of them writes differently."""
    photo = next(iter(mutants.files((5, 4)).values()))
    for form, name in product(_FORMATS, ("a", "b" * 96, "c/" * 60 + "d", "é")):
        if form == tarfile.USTAR_FORMAT and not name.isascii():
            continue
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w", format=form) as archive:
            for extension, body in (("cls", b"1"), ("jpg", photo)):
                info = tarfile.TarInfo(f"{name}.{extension}")
                info.size = len(body)
                archive.addfile(info, io.BytesIO(body))
        yield stream.getvalue()


def target(data: bytes) -> None:
    """Read the members, compare them with tarfile's, and transform the archive."""
    try:
        members = list(read_members(ByteStream(pieces_of(data)), _LIMITS))
        made = b"".join(_PIPELINE.encode(data, limits=_LIMITS))
    except PreprocessingError as error:
        str(error).encode()
        return
    expected = [(one.name, one.body) for one in members if one.is_file]
    found = _by_tarfile(data)
    assert found == expected, [(n, len(b)) for n, b in (*found, *expected)]
    assert len(_by_tarfile(made)) <= len(expected) + 1


def _by_tarfile(data: bytes) -> list[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        found = []
        for info in archive:
            file = archive.extractfile(info) if info.isreg() else None
            if file is not None:
                found.append((info.name, file.read()))
        return found
