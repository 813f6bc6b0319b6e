"""Opening and decoding files with PyAV, and the translation of its errors into ours."""

from __future__ import annotations

from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal

from preprocessing.block_reader import BlockReader
from preprocessing.cancellation import Cancelled, checkpoint
from preprocessing.decode.video.memory_guard import Growth, bounded
from preprocessing.errors import CorruptSource, IncompatibleSource, LimitExceeded, UnsupportedSource
from preprocessing.optional_deps import require_module

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from preprocessing.limits import Limits
    from preprocessing.media import Content

# FFmpeg reads this many bytes at a time, and so goes beyond the last byte that it needs.
BUFFER = 2**13
# The errors of FFmpeg that mean it lacks a decoder or a feature.
_UNKNOWN = frozenset({"PatchWelcomeError", "DecoderNotFoundError", "DemuxerNotFoundError"})
# The function of FFmpeg that fails where it cannot decode what the header describes.
_OPENING = "avcodec_open2"
_MP4 = "mov"
_STREAMS = frozenset({"mpegts", "mpeg", "mpegvideo"})


def require_av() -> Any:
    """Return the module `av` (PyAV).

    Raises
    ------
    SpecError
        If it is not installed.
    """
    advice = ", or in AWS use the image for video"
    return require_module("av", "PyAV", "video", what="video", advice=advice)


class _Memory(BytesIO):
    """File through which FFmpeg reads an object in memory; it ends early once work is cancelled."""

    failure: BaseException | None = None
    growth: Growth

    def read(self, size: int | None = -1) -> bytes:
        try:
            checkpoint()
            self.growth.require_bounded()
            return super().read(size)
        except (LimitExceeded, MemoryError, Cancelled) as error:
            # PyAV would print it; `open_container` raises it.
            self.failure = error
            return b""


@contextmanager
def open_container(
    content: Content, demuxer: str, limits: Limits, *, kind: Literal["video", "audio"] = "video"
) -> Iterator[tuple[Any, Any]]:
    """Open a file, yield its first track of a kind, and translate FFmpeg's errors into ours.

    Parameters
    ----------
    content : bytes or BlockReader
    demuxer : str
        FFmpeg's name for the format.
    limits : Limits
    kind : {"video", "audio"}
        Of the track.

    Yields
    ------
    (av.InputContainer, av.VideoStream or av.AudioStream)

    Raises
    ------
    SourceError, IncompatibleSource, LimitExceeded
        As well as any error of reading the source.
    """
    av = require_av()
    assert isinstance(content, bytes | BlockReader)
    file = _Memory(content) if isinstance(content, bytes) else content.open()
    file.growth = Growth(limits.memory)
    # FFmpeg decodes the first frames as it opens a file, and allocates memory for them.
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
        if file.failure is not None:  # the cause of the error that FFmpeg reports
            raise file.failure from None
        if isinstance(error, av.FFmpegError):
            raise _ours(error, demuxer, limits) from None
        raise
    if file.failure is not None:
        raise file.failure


def _ours(error: Any, demuxer: str, limits: Limits) -> Exception:
    """Translate an error of FFmpeg, which is not always about the file."""
    if isinstance(error, MemoryError):  # FFmpeg was refused it, or refuses what a header asks for
        return LimitExceeded(
            f"the {demuxer} file asks FFmpeg for more than the limit of {limits.memory >> 20} MiB; if "
            "it is not damaged, give the process more memory (JITPREP_MEMORY)"
        )
    name = type(error).__name__
    if name in _UNKNOWN or _OPENING in str(error):
        return UnsupportedSource(
            f"FFmpeg does not decode this variant of {demuxer} ({name}); encode it again: ffmpeg -i IN "
            "OUT.mp4"
        )
    if isinstance(error, EOFError):
        return CorruptSource("the file is cut off; upload it again")
    reason = error.strerror or name
    return CorruptSource(f"the file is damaged (FFmpeg: {reason}); replace it with an intact copy")


def packets_of(container: Any, stream: Any) -> Iterator[Any]:
    """Yield a track's packets, and an empty one at their end, for which a decoder returns what it kept.

    Some formats, such as FLV and MPEG, add tracks while they are read. PyAV knows only those that it
    found when it opened the file. It raises IndexError for the others, after the end of this one.
    """
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, IndexError):
            return
        yield packet


def decode_packets(packets: Iterable[Any]) -> Iterator[tuple[int | None, Any]]:
    """Decode a stream's packets and yield its frames.

    Packets that cannot be decoded before the first frame are skipped: they depend on frames that the
    file does not have. An MP4 is an exception, because its index begins with a key frame.

    Yields
    ------
    (int or None, av.VideoFrame)
        The decoding time (DTS) of the packet after which the frame came out, and the frame.

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
    """Return the frames that the decoder returns for a packet.

    Raises
    ------
    CorruptSource
        If the packet is incomplete, or the decoder had to conceal damage. MPEG streams are exempt: they
        may begin and end anywhere.
    """
    whole = _name(packet.stream) not in _STREAMS
    if packet.is_corrupt and whole:
        raise CorruptSource("the file is cut off; upload it again")
    frames: list[Any] = packet.decode()
    if whole:
        require_undamaged(frames)
    return frames


def require_undamaged(frames: Iterable[Any]) -> None:
    """Raise CorruptSource for a frame in which the decoder concealed damage."""
    for frame in frames:
        if frame.is_corrupt:
            raise CorruptSource(
                f"the frame at {frame.time or 0:.6g} s is damaged; replace the file with an intact copy"
            )


def _name(stream: Any) -> str:
    name: str = stream.container.format.name
    return name


def _stream(container: Any, pixels: str) -> Any:
    """Return the first video track, set up to be decoded by one thread."""
    videos = [
        stream
        for stream in container.streams.video
        if not stream.disposition & type(stream.disposition).attached_pic
    ]
    if not videos:
        raise IncompatibleSource(
            "the file has no video track; if it has sound, store that as audio: ffmpeg -i IN OUT.flac"
        )
    stream = videos[0]
    if stream.codec_context is None:
        raise UnsupportedSource(
            "FFmpeg does not recognize the video's codec; encode it as H.264 with a tool that does"
        )
    stream.thread_type = "NONE"
    stream.codec_context.thread_count = 1
    stream.codec_context.options = {"max_pixels": pixels}
    return stream


def _sound(container: Any) -> Any:
    """Return the first sound track, set up to be decoded by one thread."""
    sounds = container.streams.audio
    if not sounds:
        raise IncompatibleSource("the file has no sound track")
    stream = sounds[0]
    if stream.codec_context is None:
        raise UnsupportedSource(
            "FFmpeg does not recognize the sound's codec; convert it to FLAC with a tool that does"
        )
    stream.thread_type = "NONE"
    stream.codec_context.thread_count = 1
    return stream
