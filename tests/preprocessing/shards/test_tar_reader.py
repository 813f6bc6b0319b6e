"""Archives are read as tarfile reads them, in pieces of any size; hostile ones are refused."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing import (
    CorruptSource,
    EmptySource,
    LimitExceeded,
    Limits,
    PreprocessingError,
    UnknownFormat,
    UnsupportedSource,
)
from preprocessing.shards.byte_stream import ByteStream, pieces_of
from preprocessing.shards.tar_reader import Member, read_members

from .archives import END, extension, header, padded, records, shard, unpacked

LIMITS = Limits(source_bytes=2**20, members=100)
FORMATS = (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)

_parts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=60
)
names = (
    st.lists(_parts.filter(lambda part: part not in {".", ".."}), min_size=1, max_size=4)
    .map("/".join)
    .filter(lambda name: len(name.encode()) < 250)
)


LONG_NAME, PATH = extension(b"L", b"b.jpg\0"), extension(b"x", records(path="b.jpg"))


def read(archive: bytes | Iterator[bytes], limits: Limits = LIMITS) -> list[Member]:
    return list(read_members(ByteStream(pieces_of(archive)), limits))


def refusal(archive: bytes, error: type[PreprocessingError], limits: Limits = LIMITS) -> str:
    with pytest.raises(error) as caught:
        read(archive, limits)
    assert type(caught.value) is error
    return str(caught.value)


@given(
    st.lists(st.tuples(names, st.binary(max_size=2000)), max_size=6), st.sampled_from(FORMATS[1:])
)
def test_archives_are_read_as_tarfile_reads_them(
    members: list[tuple[str, bytes]], form: int
) -> None:
    archive = shard(members, form)
    assert [(one.name, one.body) for one in read(archive)] == unpacked(archive) == members


@given(st.lists(st.integers(1, 3000), min_size=1, max_size=20))
def test_pieces_of_any_size(sizes: list[int]) -> None:
    archive = shard([("a.jpg", b"x" * 1000), ("b" * 150 + ".jpg", b"y" * 3)], tarfile.GNU_FORMAT)

    def pieces() -> Iterator[bytes]:
        at = 0
        while at < len(archive):
            for size in sizes:
                yield archive[at : at + size]
                at += size

    assert read(pieces()) == read(archive)


@given(st.integers(0, 3000))
def test_every_cut_is_refused(length: int) -> None:
    archive = padded(header(size=700) + bytes(700)) + header(b"b.cls", 1) + padded(b"1") + END
    cut = archive[: min(length, len(archive) - 1025)]
    with pytest.raises((CorruptSource, EmptySource, UnknownFormat)):
        read(cut)


def test_folders_and_old_archives() -> None:
    old = header(b"a.jpg", 3, b"\0", magic=bytes(8)) + padded(b"abc")
    members = read(header(b"train/", kind=b"5") + old + END)
    assert [(one.name, one.is_file) for one in members] == [("train/", False), ("a.jpg", True)]


def test_a_prefix_comes_before_the_name() -> None:
    assert read(header(b"a.jpg", prefix=b"x" * 120) + END)[0].name == "x" * 120 + "/a.jpg"


def test_the_end_may_be_one_block_and_padding() -> None:
    assert len(read(header() + bytes(512))) == len(read(header() + bytes(10240))) == 1


@pytest.mark.parametrize(
    ("kind", "word"),
    [(b"1", "hard link"), (b"2", "symbolic link"), (b"3", "device"), (b"6", "FIFO"),
     (b"S", "sparse"), (b"M", "multi-volume"), (b"V", "unknown type")],
)  # fmt: skip
def test_only_files_and_folders(kind: bytes, word: str) -> None:
    assert word in refusal(header(kind=kind) + END, UnsupportedSource)


@pytest.mark.parametrize(
    "name", [b"/etc/passwd", b"../a.jpg", b"a/../../b.jpg", b"", b"..", b"\xff.jpg"]
)
def test_names_that_lead_out(name: bytes) -> None:
    assert "name" in refusal(header(name) + END, UnsupportedSource)


@pytest.mark.parametrize("name", ["/etc/passwd", "a/../b.jpg", "a\0b.jpg"])
@pytest.mark.parametrize("how", ["records", "long name"])
def test_names_of_extensions_are_checked_too(name: str, how: str) -> None:
    body = records(path=name) if how == "records" else name.encode() + b"\0"
    kind = b"x" if how == "records" else b"L"
    before = extension(kind, body)
    refusal(before + header() + END, UnsupportedSource)


def test_sparse_files_of_pax() -> None:
    body = records(GNU_sparse_map="0,1")
    assert "--sparse" in refusal(extension(b"x", body) + header() + END, UnsupportedSource)


@pytest.mark.parametrize("body", [b"5 a=b\n", b"60 path=a\n", b"x path=a\n", b"7 path\n"])
def test_damaged_records(body: bytes) -> None:
    archive = extension(b"x", body) + header() + END
    assert "pax record" in refusal(archive, CorruptSource)


@pytest.mark.parametrize("first", [LONG_NAME, PATH])
@pytest.mark.parametrize("second", [LONG_NAME, PATH])
def test_a_member_has_one_name(first: bytes, second: bytes) -> None:
    assert "two long names" in refusal(first + second + header() + END, UnsupportedSource)


def test_a_long_name_ends_where_its_content_ends() -> None:
    assert read(extension(b"L", b"b.jpg") + header() + END)[0].name == "b.jpg"
    longer = header(b"x", 5, b"L") + padded(b"b.jpg.txt")
    assert "after its end" in refusal(longer + header() + END, UnsupportedSource)


def test_a_member_has_one_size() -> None:
    size = extension(b"x", records(size="3"))
    archive = size + size + header(size=0) + padded(b"abc") + END
    assert "two sizes" in refusal(archive, UnsupportedSource)


@pytest.mark.parametrize("first", [LONG_NAME, PATH])
def test_global_records_do_not_part_a_name_from_its_member(first: bytes) -> None:
    comment = extension(b"g", records(comment="none"))
    assert read(comment + first + header() + END)[0].name == "b.jpg"
    assert "between" in refusal(first + comment + header() + END, UnsupportedSource)


def test_sizes_of_records() -> None:
    body = records(size="3")
    archive = extension(b"x", body) + header(size=0) + padded(b"abc") + END
    assert read(archive)[0].body == b"abc"
    for wrong in ("-1", "3.0", "9" * 30):
        body = records(size=wrong)
        assert "size" in refusal(extension(b"x", body) + header() + END, CorruptSource)


@pytest.mark.parametrize("before", [b"", records(size="512")])
def test_folders_have_no_length(before: bytes) -> None:
    """tar would read its content as a member, here a link that leads out."""
    link = header(b"/etc/passwd", 0, b"2")
    extension = header(b"x", len(before), b"x") + padded(before) if before else b""
    folder = header(b"a/", 0 if before else 512, b"5")
    assert "has a length" in refusal(extension + folder + link + END, CorruptSource)


@pytest.mark.parametrize("size", [2**20 + 1, b"\x80" + b"\x7f" * 11, 8**11 - 1])
def test_lengths_are_limited_before_they_are_read(size: int | bytes) -> None:
    assert "more than the limit" in refusal(header(size=size) + END, LimitExceeded)


@pytest.mark.parametrize(
    "size", [b"-0000000001\0", b"\xff" * 12, b"00000000009\0", b"abc         "]
)
def test_lengths_that_are_no_numbers(size: bytes) -> None:
    assert "size" in refusal(header(size=size) + END, CorruptSource)


@pytest.mark.parametrize(
    ("at", "value"), [(100, b"rw-r--r--"[:8]), (136, b"\0" + b"7" * 11), (337, b"\0star  \0")]
)
def test_headers_that_tar_does_not_read(at: int, value: bytes) -> None:
    """The fuzzer found them: tar stops at such a header, and what comes after it would be lost."""
    block = bytearray(header())
    block[at : at + len(value)] = value
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    assert "damaged header" in refusal(bytes(block) + END, CorruptSource)


def test_names_that_tar_reads_otherwise() -> None:
    assert "folder's name" in refusal(header(b"a.jpg/") + END, UnsupportedSource)
    backup = header(prefix=b"1" * 20, magic=b"ustar  \0")
    assert "incremental" in refusal(backup + END, UnsupportedSource)


def test_a_length_that_lies() -> None:
    assert "within member 'a.jpg'" in refusal(header(size=5000) + padded(b"short"), CorruptSource)
    short = header(size=10) + padded(b"x" * 700) + END
    assert "no header at byte 1024" in refusal(short, CorruptSource)


def test_more_members_than_the_limit() -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield header() * 1000

    with pytest.raises(LimitExceeded, match="more than 100 members"):
        read(endless())


def test_endless_extensions() -> None:
    refusal(header(b"x", 0, b"x") * 100 + header() + END, LimitExceeded)
    refusal(header(b"x", 2**17, b"L") + bytes(2**17) + header() + END, LimitExceeded)
    refusal((header(b"x", 0, b"g")) * 101 + END, LimitExceeded)


def test_global_records_may_not_name_members() -> None:
    body = records(path="a.jpg")
    refusal(extension(b"g", body) + header() + END, UnsupportedSource)
    body = records(comment="from git")
    assert len(read(extension(b"g", body) + header() + END)) == 1


def test_data_after_the_end() -> None:
    archive = shard({"a.jpg": b"x"})
    assert "--concatenate" in refusal(archive + archive, CorruptSource)

    def endless() -> Iterator[bytes]:
        yield archive
        while True:
            yield bytes(2**20)

    with pytest.raises(CorruptSource, match="zeros"):
        read(endless())


def test_other_objects() -> None:
    assert "gzip" in refusal(b"\x1f\x8b\x08" + bytes(600), UnknownFormat)
    assert "not a tar archive" in refusal(b"\xff\xd8\xff" + b"x" * 600, UnknownFormat)
    refusal(b"", EmptySource)
