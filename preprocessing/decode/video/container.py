"""Video files opened by PyAV, and what comes out of them; its errors in our terms."""

from __future__ import annotations

from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal

from preprocessing.block_reader import BlockReader
from preprocessing.cancellation import Cancelled, checkpoint
from preprocessing.decode.video.memory_guard import Growth, bounded
from preprocessing.errors import CorruptSource, IncompatibleSource, UnsupportedSource
from preprocessing.optional_deps import require_module

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from preprocessing.limits import Limits
    from preprocessing.media import Content

# FFmpeg reads so many bytes at a time, also beyond the last that it needs.
BUFFER = 2**13
# What FFmpeg raises where it knows that it lacks something.
_UNKNOWN = frozenset({"PatchWelcomeError", "DecoderNotFoundError", "DemuxerNotFoundError"})
# The call of FFmpeg's that finds it cannot decode what the header describes.
_OPENING = "avcodec_open2"
_MP4 = "mov"
_STREAMS = frozenset({"mpegts", "mpeg", "mpegvideo"})


def require_av() -> Any:
    """Return PyAV.

    Raises
    ------
    SpecError
        Where it is not installed.
    """
    advice = ", or in AWS use the image for video"
    return require_module("av", "PyAV", "video", what="video", advice=advice)


class _Memory(BytesIO):
    """An object in memory as FFmpeg reads it; of work that was given up, it ends early."""

    failure: BaseException | None = None
    growth: Growth

    def read(self, size: int | None = -1) -> bytes:
        try:
            checkpoint()
            self.growth.require_bounded()
            return super().read(size)
        except (MemoryError, Cancelled) as error:  # which PyAV would print; raised where it returns
            self.failure = error
            return b""


@contextmanager
def open_container(
    content: Content, demuxer: str, limits: Limits, *, kind: Literal["video", "audio"] = "video"
) -> Iterator[tuple[Any, Any]]:
    """Open a video or a sound, and report what is wrong with it in our terms.

    Parameters
    ----------
    content : bytes or BlockReader
    demuxer : str
    limits : Limits
    kind : {"video", "audio"}
        Which track is meant.

    Yields
    ------
    (av.InputContainer, av.VideoStream or av.AudioStream)

    Raises
    ------
    SourceError, IncompatibleSource
        And whatever went wrong where the source was read.
    """
    av = require_av()
    assert isinstance(content, bytes | BlockReader)
    file = _Memory(content) if isinstance(content, bytes) else content.open()
    file.growth = Growth(limits.memory)
    # FFmpeg looks into the first frames as it opens a file, and takes memory for them.
    options = {"fflags": "+genpts", "max_pixels": str(limits.pixels)}
    try:
        with bounded(limits.memory):
            container = av.open(
                file,
                "r",
                demuxer,
                options=options,
                metadata_errors="replace",
                buffer_size=BUFFER,
            )
        with container:
            if kind == "audio":
                yield container, _sound(container)
            else:
                yield container, _stream(container, options["max_pixels"])
    except Exception as error:
        if file.failure is not None:  # the cause of all that followed
            raise file.failure from None
        if isinstance(error, av.FFmpegError):
            raise _ours(error, demuxer) from None
        raise
    if file.failure is not None:
        raise file.failure


def _ours(error: Any, demuxer: str) -> Exception:
    """Return what FFmpeg's error means: only some are about the file."""
    if isinstance(error, MemoryError):
        return MemoryError(f"FFmpeg ran out of memory as it read the {demuxer} file")
    name = type(error).__name__
    if name in _UNKNOWN or _OPENING in str(error):
        return UnsupportedSource(
            f"FFmpeg does not decode this variant of {demuxer} ({name}); encode it anew"
        )
    if isinstance(error, EOFError):
        return CorruptSource("the video breaks off; upload it again")
    return CorruptSource(f"the video is damaged ({name})")


def decode_packets(packets: Iterable[Any]) -> Iterator[tuple[int | None, Any]]:
    """Yield the frames of a stream's packets, as PyAV decodes them.

    What cannot be decoded before the first of them is passed over, as it depends on what came before;
    but an MP4's index begins with a key frame.

    Yields
    ------
    (int or None, av.VideoFrame)
        The first is when the packet was to be decoded at which the frame came out.

    Raises
    ------
    CorruptSource
    """
    damaged, begun = require_av().error.InvalidDataError, False
    for packet in packets:
        checkpoint()
        try:
            frames = decode_packet(packet)
        except damaged:
            if begun or _name(packet.stream).startswith(_MP4):
                raise
            continue
        for frame in frames:
            begun = True
            yield packet.dts, frame


def decode_packet(packet: Any) -> list[Any]:
    """Return the frames that come out where a packet goes in.

    Raises
    ------
    CorruptSource
        For one that was not there whole, or that the decoder had to mend. A stream may break off
        anywhere, and be joined anywhere.
    """
    whole = _name(packet.stream) not in _STREAMS
    if packet.is_corrupt and whole:
        raise CorruptSource("the video breaks off; upload it again")
    frames: list[Any] = packet.decode()
    if whole:
        require_undamaged(frames)
    return frames


def require_undamaged(frames: Iterable[Any]) -> None:
    """Raise CorruptSource where a decoder made up what was damaged."""
    for frame in frames:
        if frame.is_corrupt:
            raise CorruptSource(f"the frame at {frame.time or 0:.6g} s is damaged")


def _name(stream: Any) -> str:
    name: str = stream.container.format.name
    return name


def _stream(container: Any, pixels: str) -> Any:
    """Return the video, ready to be decoded by one thread."""
    videos = [
        stream
        for stream in container.streams.video
        if not stream.disposition & type(stream.disposition).attached_pic
    ]
    if not videos:
        raise IncompatibleSource(
            "the file holds no video; of sound alone in it, make a file of sound, as by ffmpeg -i IN "
            "OUT.flac"
        )
    stream = videos[0]
    if stream.codec_context is None:
        raise UnsupportedSource("FFmpeg does not know how the video is encoded; encode it as H.264")
    stream.thread_type = "NONE"
    stream.codec_context.thread_count = 1
    stream.codec_context.options = {"max_pixels": pixels}
    return stream


def _sound(container: Any) -> Any:
    """Return the sound, ready to be decoded by one thread."""
    sounds = container.streams.audio
    if not sounds:
        raise IncompatibleSource("the file holds no sound")
    stream = sounds[0]
    if stream.codec_context is None:
        raise UnsupportedSource("FFmpeg does not know how the sound is encoded; convert it to FLAC")
    stream.thread_type = "NONE"
    stream.codec_context.thread_count = 1
    return stream
