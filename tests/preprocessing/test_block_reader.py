"""Of an object that is read in pieces, no more is read than must be, and in few pieces."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing import CorruptSource, EmptySource, LimitExceeded, Limits, Pipeline
from preprocessing.block_reader import BlockReader, RangedFile

from .support.clips import Counted, clip, write

BLOCK = 2**14


@given(
    st.integers(1, 20 * BLOCK),
    st.lists(st.tuples(st.integers(0, 22 * BLOCK), st.integers(0, 9 * BLOCK), st.booleans())),
)
def test_pieces_are_the_bytes_and_each_block_is_read_once(size, asked):
    data = np.random.default_rng(size).bytes(size)
    source = Counted(data)
    pieces = BlockReader(source, 2**30)
    for start, length, wanted in asked:
        if wanted:
            pieces.want(start, start + length)
        assert pieces.read_at(start, length) == data[start : start + length]
        file = pieces.open()
        file.seek(start)
        assert file.read(length) == data[start : start + length]
        assert file.tell() == start + len(data[start : start + length])
    assert pieces.bytes_read == source.bytes_read <= size
    blocks = [b for start, length in source.asked for b in range(start, start + length, BLOCK)]
    assert len(blocks) == len(set(blocks))


def test_reads_that_go_on_ask_for_more_and_more():
    source = Counted(bytes(100 * 2**20))
    pieces = BlockReader(source, 2**30)
    for start in range(0, source.size, 32 * 2**10):
        pieces.read_at(start, 32 * 2**10)
    assert len(source.asked) < 35
    assert max(length for _, length in source.asked) == 4 * 2**20
    assert len(pieces._kept) <= 1024


def test_what_is_wanted_is_read_at_once():
    source = Counted(bytes(10 * 2**20))
    pieces = BlockReader(source, 2**30)
    pieces.want(3_000_000, 3_900_000)
    for start in range(3_000_000, 3_900_000, 10_000):
        pieces.read_at(start, 10_000)
    assert len(source.asked) == 1
    assert source.bytes_read < 900_000 + 2 * BLOCK


def test_the_limit_is_of_what_is_read():
    source = Counted(clip("mp4") + bytes(10**6))
    p = Pipeline.parse("sample_frames:1/resize:8,8")
    p(source, limits=Limits(source_bytes=2**17))
    with pytest.raises(LimitExceeded, match="raise the limit, ask for less"):
        p(source, limits=Limits(source_bytes=2**14))
    with pytest.raises(LimitExceeded, match=r"1\d+ bytes, more than the limit"):
        p(source.data, limits=Limits(source_bytes=2**17))


def test_what_is_read_whole_after_all_counts_once():
    image = Pipeline.parse("png").encode(np.zeros((90, 90, 3), np.uint8)).body
    source, p = Counted(bytes(image)), Pipeline.parse("video:skip/sample_frames:2/resize:8,8")
    assert p.encode(source, limits=Limits(source_bytes=len(image))).body == image
    with pytest.raises(LimitExceeded):
        p.encode(source, limits=Limits(source_bytes=len(image) - 1))


def test_files_are_read_in_pieces(tmp_path):
    path = tmp_path / "clip"
    path.write_bytes(clip("mp4") + bytes(10**6))
    p = Pipeline.parse("sample_frames:1/resize:8,8")
    np.testing.assert_array_equal(p(path, limits=Limits(source_bytes=2**17)), p(clip("mp4")))
    assert RangedFile(path).read_at(3, 5) == clip("mp4")[3:8]
    path.write_bytes(b"")
    with pytest.raises(EmptySource):
        p(path)
    with pytest.raises(FileNotFoundError):
        p(tmp_path / "none")


class Failing(Counted):
    """Fails at a read after the first ones."""

    def __init__(self, data: bytes, after: int, error: Exception | None) -> None:
        super().__init__(data)
        self.after, self.error = after, error

    def read_at(self, start: int, length: int) -> bytes:
        if len(self.asked) < self.after:
            return super().read_at(start, length)
        if self.error is None:
            return b"short"
        raise self.error


@pytest.mark.parametrize("format_", ["mp4", "matroska", "avi", "mpegts"])
@pytest.mark.parametrize("after", range(3))
def test_what_goes_wrong_as_it_is_read_is_told_as_it_is(format_, after, capfd):
    """Whatever FFmpeg makes of it, and however late."""
    data = _large(format_)
    p = Pipeline.parse("sample_frames:3/resize:8,8/npy")
    counted = Counted(data)
    p(counted)
    assert len(counted.asked) > after
    for error in (ConnectionError("the line is dead"), KeyError("x"), MemoryError()):
        with pytest.raises(type(error)) as caught:
            p(Failing(data, after, error))
        assert caught.value is error
    with pytest.raises(CorruptSource, match="the object ended after"):
        p(Failing(data, after, None))
    assert capfd.readouterr() == ("", "")


_LARGE: dict[str, bytes] = {}


def _large(format_: str) -> bytes:
    """A clip of noise, which is read in more than one piece."""
    if format_ not in _LARGE:
        noise = np.random.default_rng(1).integers(0, 255, (36, 96, 128, 3), np.uint8)
        codec = "mpeg4" if format_ == "avi" else "libx264"
        quality = {"qmax": "2", "qmin": "2"} if format_ == "avi" else {"crf": "5"}
        _LARGE[format_] = write(
            format_, codec, frames=noise, options={"preset": "ultrafast", **quality}, gop=6
        )
    return _LARGE[format_]


def test_few_frames_take_few_bytes_in_few_pieces():
    noise = np.random.default_rng(1).integers(0, 255, (120, 96, 128, 3), np.uint8)
    data = write(frames=noise, options={"crf": "10", "preset": "ultrafast"}, gop=6)
    assert len(data) > 1_500_000
    source = Counted(data)
    frames = Pipeline.parse("sample_frames:4/npy:layout=hwc")(source)
    np.testing.assert_array_equal(frames, Pipeline.parse("sample_frames:4/npy:layout=hwc")(data))
    # 4 groups of 6 frames among 20, the first frame, the index, and up to a block at each end.
    assert source.bytes_read < len(data) * 6 / 20 + 10 * BLOCK
    assert len(source.asked) <= 4 + 4


def test_key_frames_of_an_mp4_are_all_that_is_read():
    still = np.zeros((60, 96, 128, 3), np.uint8)
    still[:] = np.random.default_rng(1).integers(0, 255, still.shape, np.uint8)
    data = write(frames=still, options={"crf": "5", "preset": "ultrafast"}, gop=30)
    assert len(data) > 900_000
    source = Counted(data)
    assert len(Pipeline.parse("key_frames/resize:8,8")(source)) == 2
    assert source.bytes_read < len(data) / 3
