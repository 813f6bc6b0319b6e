"""The files of a shard are those that tar lists, and each is read as an object."""

from __future__ import annotations

import hashlib
import io
import tarfile

import pytest

from jitprep.playground.asks import AskRefused
from jitprep.playground.items import Item
from jitprep.playground.members import is_shard, read_member, shard_members
from preprocessing import (
    CorruptSource,
    LimitExceeded,
    Limits,
    Pipeline,
    Seed,
    ShardPipeline,
    UnsupportedSource,
)
from tests.media import TEXT, clip, sound
from tests.photos import photo
from tests.preprocessing.shards.archives import END, header, padded, shard, unpacked

LIMITS = Limits()
FILES = {
    "train/0001.jpg": photo("rocket"),
    "train/0001.cls": b"7",
    "train/0002.wav": sound(),
    "train/0002.mp4": clip(12, 10, 64, 64),
    "train/0003.html": TEXT,
    "train/0003.npy": b"\x93NUMPY\1\0" + bytes(120),
    "train/0004.jpg": b"",
    "<img src=x onerror=alert(1)>\n.txt": b"hostile",
    "long/" + "n" * 300 + ".txt": b"long",
}


def item(content: bytes, etag: str | None = None) -> Item:
    return Item("shard.tar", "shards/shard.tar", etag, content)


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_the_files_are_those_that_tar_lists(form: int) -> None:
    content = shard(FILES, form)
    listed = shard_members(content, LIMITS)
    assert is_shard(content)
    assert [(m.name, m.nbytes) for m in listed.members] == [
        (name, len(body)) for name, body in unpacked(content)
    ]
    assert (listed.count, listed.nbytes) == (len(FILES), len(content))
    for name, body in unpacked(content):
        assert read_member(item(content), name, LIMITS).content == body


def test_kinds_are_told_by_content_and_samples_by_name() -> None:
    listed = shard_members(shard(FILES, tarfile.PAX_FORMAT), LIMITS)
    kinds = [member.kind for member in listed.members]
    assert kinds == ["image", "text", "audio", "video", "text", "", "", "text", "text"]
    assert [member.sample for member in listed.members][:4] == [
        "train/0001",
        "train/0001",
        "train/0002",
        "train/0002",
    ]
    assert listed.samples == 6


def test_folders_are_left_out() -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        folder = tarfile.TarInfo("train")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        info = tarfile.TarInfo("train/a.txt")
        info.size = 1
        archive.addfile(info, io.BytesIO(b"a"))
    content = stream.getvalue()
    assert [member.name for member in shard_members(content, LIMITS).members] == ["train/a.txt"]
    with pytest.raises(AskRefused, match="no file 'train'"):
        read_member(item(content), "train", LIMITS)


def test_of_two_files_of_one_name_the_last_is_read() -> None:
    content = shard([("a.txt", b"first"), ("a.txt", b"last")])
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        wanted = archive.extractfile("a.txt")
        assert wanted is not None
        assert read_member(item(content), "a.txt", LIMITS).content == wanted.read() == b"last"


def test_a_name_that_is_not_there_is_refused() -> None:
    with pytest.raises(AskRefused) as refused:
        read_member(item(shard(FILES, tarfile.PAX_FORMAT)), "\n<b>" + "x" * 1000, LIMITS)
    assert str(refused.value).startswith("the shard has no file '\\\\x0a<b>xxx")
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize("etag", [None, '"of the shard"'])
def test_a_member_gets_the_draws_that_it_gets_in_the_shard(etag: str | None) -> None:
    content = shard({"a/1.jpg": photo("coffee"), "a/2.jpg": photo("coffee")})
    own = f'"{hashlib.md5(content).hexdigest()}"'
    line = "random_resized_crop:24/png"
    whole = ShardPipeline.parse(f"tar/{line}").encode(content, seed=Seed(3, "any", etag or own))
    derived = dict(unpacked(b"".join(whole)))
    for name in ("a/1", "a/2"):
        member = read_member(item(content, etag), f"{name}.jpg", LIMITS)
        seed = Seed(3, member.key, member.etag)
        assert Pipeline.parse(line).encode(member.content, seed=seed).body == derived[f"{name}.png"]


def test_a_list_is_bounded_and_says_how_many_there_are() -> None:
    listed = shard_members(shard((f"{i}.txt", b"") for i in range(10_050)), LIMITS)
    assert len(listed.members) == 10_000
    assert listed.count == listed.samples == 10_050


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (header(b"a", kind=b"2") + END, UnsupportedSource, "symbolic link"),
        (header(b"../../etc/passwd") + END, UnsupportedSource, "passwd"),
        (header(b"a.jpg", 5) + padded(b"12345"), CorruptSource, "without its end marker"),
        (header(b"a.jpg", 8**11 - 1), LimitExceeded, "more than the limit"),
    ],
    ids=["link", "escape", "cut off", "huge"],
)
def test_hostile_archives_are_refused(content: bytes, error: type[Exception], message: str) -> None:
    for use in (
        lambda: shard_members(content, LIMITS),
        lambda: read_member(item(content), "a.jpg", LIMITS),
    ):
        with pytest.raises(error, match=message):
            use()


def test_only_archives_are_shards() -> None:
    for content in (b"", b"text", photo("rocket"), bytes(1024), sound()):
        assert not is_shard(content)
