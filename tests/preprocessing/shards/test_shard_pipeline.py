"""A shard's samples are what the pipeline makes of each photograph alone, in order, one at a time."""

from __future__ import annotations

import gc
import io
import itertools
import json
import tarfile
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing import (
    CorruptSource,
    IncompatibleSource,
    LimitExceeded,
    Limits,
    Pipeline,
    Seed,
    ShardPipeline,
    SpecError,
    UnknownFormat,
)
from preprocessing.shards import encoded_shard
from preprocessing.shards.samples import key_and_extension, renamed
from tests.photos import NAMES, photo

from .archives import shard, unpacked

TENSOR = "resize:64/center_crop:48/npy"
RANDOM = "random_resized_crop:48/random_horizontal_flip/npy"


def samples(count: int = 4) -> dict[str, bytes]:
    found = {}
    for number in range(count):
        found[f"train/{number:04d}.cls"] = str(number).encode()
        found[f"train/{number:04d}.jpg"] = photo(NAMES[number % len(NAMES)])
        found[f"train/{number:04d}.json"] = b'{"a": 1}'
    return found


def test_members_are_transformed_and_others_pass_in_order() -> None:
    p, given_ = ShardPipeline.parse(f"tar/{TENSOR}"), samples()
    made = unpacked(b"".join(p.encode(shard(given_))))
    assert [name for name, _ in made] == [name.replace("jpg", "npy") for name in given_]
    for (name, body), original in zip(made, given_.values(), strict=True):
        expected = p.pipeline.encode(original).body if name.endswith("npy") else original
        assert body == expected


def test_samples_of_several_arrays_are_refused_not_skipped() -> None:
    several = "views:2,key=a/random_crop:8/views:2,key=b/random_crop:8/safetensors"
    p = ShardPipeline.parse(f"tar:on_bad=skip/{several}")
    with pytest.raises(SpecError, match="several arrays"):
        list(p(shard(samples())))
    assert len(unpacked(b"".join(p.encode(shard(samples()))))) == len(samples())


@pytest.mark.parametrize("spec", [TENSOR, RANDOM])
def test_samples_equal_the_archive(spec: str) -> None:
    p, archive = ShardPipeline.parse(f"tar/{spec}"), shard(samples())
    found = list(p(archive, seed=3))
    assert [sample["__key__"] for sample in found] == [f"train/{n:04d}" for n in range(4)]
    members = dict(unpacked(b"".join(p.encode(archive, seed=3))))
    for sample in found:
        array = np.load(io.BytesIO(members[f"{sample['__key__']!s}.npy"]))
        np.testing.assert_array_equal(sample["npy"], array)
        assert sample["json"] == b'{"a": 1}'


def test_draws_come_from_the_key_and_the_etag_of_the_shard() -> None:
    p, archive = ShardPipeline.parse(f"tar/{RANDOM}"), shard(samples())
    for sample in p(archive, seed=Seed(7, etag='"shard"')):
        key = str(sample["__key__"])
        alone = p.pipeline(samples()[f"{key}.jpg"], seed=Seed(7, key, '"shard"'))
        np.testing.assert_array_equal(sample["npy"], alone)
    first, second = (next(p(archive, seed=Seed(7, etag=etag)))["npy"] for etag in ("a", "b"))
    assert not np.array_equal(first, second)


def test_sources_of_every_form(tmp_path: Path) -> None:
    p, archive = ShardPipeline.parse(f"tar/{TENSOR}"), shard(samples())
    path = tmp_path / "shard.tar"
    path.write_bytes(archive)
    expected = b"".join(p.encode(archive))
    with path.open("rb") as file:
        for source in (path, str(path), bytearray(archive), iter([archive]), file):
            assert b"".join(p.encode(source)) == expected


def test_random_steps_need_the_etag_of_a_stream(tmp_path: Path) -> None:
    p, archive = ShardPipeline.parse(f"tar/{RANDOM}"), shard(samples(1))
    path = tmp_path / "shard.tar"
    path.write_bytes(archive)
    assert b"".join(p.encode(path)) == b"".join(p.encode(archive))
    with pytest.raises(IncompatibleSource, match="etag"):
        next(p.encode(iter([archive])))


def test_the_first_sample_leaves_before_the_shard_has_come() -> None:
    archive, taken = shard(samples(40)), 0

    def pieces() -> Iterator[bytes]:
        nonlocal taken
        for start in range(0, len(archive), 2**14):
            taken += 2**14
            yield archive[start : start + 2**14]

    assert next(ShardPipeline.parse(f"tar/{TENSOR}").encode(pieces()))
    assert taken < len(archive) / 10


@pytest.mark.parametrize(("step", "pieces"), [(0.0, 2), (0.2, 11), (1.0, 21)])
def test_slow_samples_are_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, step: float, pieces: int
) -> None:
    """Small results are collected, but a door has a deadline for each piece."""
    clock = itertools.count(1000.0, step)
    monkeypatch.setattr(encoded_shard, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    archive = shard({f"{number}.jpg": photo("rocket") for number in range(20)})
    p = ShardPipeline.parse("tar/resize:8,8/npy")
    made = list(p.encode(archive))
    assert len(made) == pieces
    assert len(unpacked(b"".join(made))) == 20


def test_a_shard_that_is_given_up_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "train.tar"
    path.write_bytes(shard(samples()))
    p, opened = ShardPipeline.parse(f"tar/{TENSOR}"), Path("/proc/self/fd")
    gc.disable()  # which closes it too, at some time
    try:
        for read in (p.encode, p):
            taken = read(path)
            assert next(taken)
            del taken
            assert path not in [one.resolve() for one in opened.iterdir()]
    finally:
        gc.enable()


def test_memory_is_that_of_a_sample() -> None:
    p, member = ShardPipeline.parse(f"tar/{TENSOR}"), photo("coffee")

    def pieces(count: int) -> Iterator[bytes]:
        for number in range(count):
            yield shard({f"{number}.jpg": member})[: 512 + -(-len(member) // 512) * 512]
        yield bytes(1024)

    peaks = []
    for count in (3, 60):
        tracemalloc.start()
        for _ in p.encode(pieces(count)):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 2**20


@pytest.mark.parametrize(
    ("bad", "error"),
    [(photo("coffee")[:9000], CorruptSource), (b"<html>no such photo</html>", UnknownFormat),
     (b"", Exception), (b"\0" * 900, UnknownFormat), (b"RIFF\0\0\0\0WAVEfmt ", Exception)],
)  # fmt: skip
def test_bad_samples_fail_or_are_left_out(bad: bytes, error: type[Exception]) -> None:
    archive = shard({**samples(1), "train/0000b.cls": b"7", "train/0000b.jpg": bad, **{
        name.replace("0000", "0001"): body for name, body in samples(1).items()}})  # fmt: skip
    with pytest.raises(error, match=r"member 'train/0000b.jpg' of the shard: "):
        list(ShardPipeline.parse(f"tar/{TENSOR}").encode(archive))
    made = unpacked(b"".join(ShardPipeline.parse(f"tar:on_bad=skip/{TENSOR}").encode(archive)))
    assert [name for name, _ in made] == [
        *("train/0000.cls", "train/0000.npy", "train/0000.json"),
        *("train/0001.cls", "train/0001.npy", "train/0001.json"),
        "__jitprep__/skipped.json",
    ]
    report = json.loads(made[-1][1])
    assert report["skipped"] == 1
    assert report["samples"][0]["sample"] == "train/0000b"
    assert report["samples"][0]["message"]


def test_a_wrong_pipeline_leaves_out_no_samples() -> None:
    views = "views:2,key=a/random_crop:8/views:2,key=b/random_crop:4/safetensors"
    with pytest.raises(SpecError, match="several arrays"):
        list(ShardPipeline.parse(f"tar:on_bad=skip/{views}")(shard(samples())))


def test_an_archive_that_fails_has_no_end() -> None:
    archive = shard({**samples(2), "x.jpg": b"\xff\xd8\xff"})
    pieces = []

    def take() -> None:
        for piece in ShardPipeline.parse(f"tar/{TENSOR}").encode(archive):
            pieces.append(piece)  # noqa: PERF402  the list keeps what came before the error

    with pytest.raises(CorruptSource):
        take()
    assert pieces
    assert not b"".join(pieces).endswith(bytes(1024))


def test_members_named_by_their_extension() -> None:
    members = {"a.left.jpg": photo("rocket"), "a.right.jpg": photo("coffee"), "a.txt": b"Hello"}
    made = dict(
        unpacked(
            b"".join(ShardPipeline.parse(f"tar:members=left.jpg/{TENSOR}").encode(shard(members)))
        )
    )
    assert list(made) == ["a.left.npy", "a.right.jpg", "a.txt"]
    assert made["a.right.jpg"] == members["a.right.jpg"]
    made = dict(
        unpacked(b"".join(ShardPipeline.parse("tar:members=txt/lower/text").encode(shard(members))))
    )
    assert made["a.txt"] == b"hello"
    assert made["a.left.jpg"] == members["a.left.jpg"]


def test_two_members_may_not_get_one_name() -> None:
    archive = shard({"a.jpg": photo("rocket"), "a.png": photo("rocket")})
    with pytest.raises(IncompatibleSource, match=r"a\.jpg and a\.png .*a\.npy;.*tar:members=jpg"):
        list(ShardPipeline.parse(f"tar/{TENSOR}").encode(archive))


def test_limits_are_for_one_sample() -> None:
    archive = shard({f"a.{number}.bin": bytes(500) for number in range(30)})
    limits = Limits(source_bytes=20_000)
    with pytest.raises(LimitExceeded, match="sample 'a' of the shard"):
        list(ShardPipeline.parse(f"tar/{TENSOR}").encode(archive, limits=limits))
    image = Pipeline.parse("jpeg").encode(np.zeros((8, 8, 3), np.uint8)).body
    archive = shard({"a.jpg": image, **{f"a{number}.bin": bytes(500) for number in range(30)}})
    list(ShardPipeline.parse(f"tar/{TENSOR}").encode(archive, limits=limits))


_FORMATS = st.sampled_from((tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT))


@given(st.text("aé/. ", max_size=130), _FORMATS)
def test_headers_are_kept(name: str, form: int) -> None:
    """What passes is unchanged to the bit, and what is made keeps all but its name and size."""
    name = f"x{name}y".replace("//", "/").replace("..", "_")
    members = [(f"{name}/photo.jpg", photo("rocket")), (f"{name}/photo.cls", b"1")]
    try:
        archive = shard(members, form)
    except ValueError:
        return  # tarfile cannot split the name for ustar
    made = b"".join(ShardPipeline.parse(f"tar/{TENSOR}").encode(archive))
    with (
        tarfile.open(fileobj=io.BytesIO(archive)) as before,
        tarfile.open(fileobj=io.BytesIO(made)) as after,
    ):
        for old, new in zip(before.getmembers(), after.getmembers(), strict=True):
            assert new.name == old.name.replace("photo.jpg", "photo.npy")
            assert (new.mode, new.mtime, new.uid, new.uname) == (
                old.mode,
                old.mtime,
                old.uid,
                old.uname,
            )
    made = next(ShardPipeline.parse("tar:members=none/npy").encode(archive))
    assert made.rstrip(b"\0") == archive.rstrip(b"\0")


@pytest.mark.parametrize(
    ("name", "key", "extension"),
    [("a/b.c.jpg", "a/b", "c.jpg"), ("a", "a", ""), ("a.b/c", "a.b/c", ""), (".a.jpg", ".a.jpg", ""),
     ("./a.jpg", "./a", "jpg"), ("a.", "a", "")],
)  # fmt: skip
def test_keys_are_those_of_webdataset(name: str, key: str, extension: str) -> None:
    assert key_and_extension(name) == (key, extension)


def test_renaming() -> None:
    assert [renamed(name, "npy") for name in ("a.jpg", "a.b.JPG", "d.d/a", ".a", "a/.b.c")] == [
        *("a.npy", "a.b.npy", "d.d/a.npy", ".a.npy", "a/.b.npy")
    ]


def test_a_shard_without_the_pipelines_kind_is_refused_at_its_end() -> None:
    """All of it would pass unchanged, and training would begin without its images."""
    archive = shard({"a.cls": b"1", "a.jpg": photo("rocket")})
    for spec in ("tar/mono/npy", "tar:members=jpeg/npy"):
        with pytest.raises(IncompatibleSource, match="no member of the shard is of the kind"):
            list(ShardPipeline.parse(spec).encode(archive))
