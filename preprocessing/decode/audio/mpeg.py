"""The frames of an MP3, walked and counted.

An MP3 is a sequence of frames, and each has its own length. Their number is only known if the first
frame is a silent one with a Xing or Info tag. Without the tag, libmpg123 estimates it from the bit rate
of the first frame, and libsndfile then reads only a part of a file with a variable bit rate.

So frames are counted here, in a twentieth of the time of decoding them. If the tag is missing, the file
is made to appear longer, so that libsndfile reads all samples of all frames, the same as FFmpeg. A tag
added here would not do: with a tag, libsndfile leaves some samples out.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from preprocessing.cancellation import checkpoint
from preprocessing.decode.audio.tags import skip_tags
from preprocessing.decode.audio.truncation import TRUNCATED, DecodablePart
from preprocessing.errors import CorruptSource, UnsupportedSource
from preprocessing.frozen import frozen

# ISO/IEC 11172-3 and 13818-3, 2.4.2.3, for layer III: bit rates in kbit/s by index, from 1 to 14, and
# sample rates, which are halved for MPEG 2 and again for MPEG 2.5.
_KBITS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBITS_2 = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES = (44_100, 48_000, 32_000)
_HALVED = {3: 0, 2: 1, 0: 2}  # by the two bits of the version; 1 is reserved
_MPEG_1 = 3
_LAYER_3, _LAYER_2 = 1, 2
_MONO = 3
_AHEAD = 64
# Frames counted between two checks for cancellation.
_RUN = 4096
# Tags that may follow the last frame: ID3v1, APEv2, Lyrics3. ID3v2 may be between any two frames.
_PADDED = re.compile(b"\\0*")
_TAILS = (b"TAG", b"APETAGEX", b"LYRICS")


class MpegFrame(NamedTuple):
    """The header of a frame: its bytes, its samples per channel, and the sample rate in Hz."""

    size: int
    samples: int
    rate: int


@frozen
class Frames:
    """The frames of an MP3.

    Parameters
    ----------
    part : DecodablePart
        The frames, without a tag whose count is wrong.
    count : int
        Number of frames, not including the tag.
    samples : int
        Samples per channel in these frames. A tag may say that fewer belong to the sound.
    noted : bool
        Whether there is a tag, with the right count.
    """

    part: DecodablePart
    count: int
    samples: int
    noted: bool


def frames(data: bytes) -> Frames:
    """Walk through the frames of an MP3.

    Raises
    ------
    UnsupportedSource
        If it is MPEG audio of layer II.
    CorruptSource
        If the last frame is cut off, there are fewer frames than the tag says, or a frame is followed by
        something that is neither a frame nor a tag.
    """
    first = _begin(data)
    largest = 0
    place, count, own = first, 0, _frame(data[first : first + 3])
    if own is None:
        if _is_layer_2(data[first : first + 2]):
            raise UnsupportedSource(
                "MPEG audio of layer II is not decoded; convert it: ffmpeg -i in.mp2 out.flac"
            )
        raise CorruptSource(
            "the MP3 is damaged: no frame follows its tags; replace it with an intact copy"
        )
    while place < len(data):
        frame = _frame(data[place : place + 3])
        if frame is None or frame[1:] != own[1:]:
            after = skip_tags(data, place)
            if after == place:
                break
            place = after
            continue
        if place + frame.size > len(data):
            raise CorruptSource(f"frame {count + 1} of the MP3 is cut off: {TRUNCATED}")
        place += frame.size
        largest = max(largest, frame.size)
        count += 1
        if not count % _RUN:
            checkpoint()
    if not _is_tail(data, place):
        raise CorruptSource(
            f"the MP3 is damaged: neither a frame nor a tag begins at byte {place}, after {count} "
            "frames; replace it with an intact copy"
        )
    return _frames(data, first, place, count, largest, own)


def _begin(data: bytes) -> int:
    """Return the offset of the first frame, behind the tags and the zeros that pad them."""
    place = skip_tags(data, 0)
    if place and data[place : place + 1] == b"\0":
        place += _PADDED.match(data, place).end() - place  # type: ignore[union-attr]
    return place


def _frames(data: bytes, first: int, last: int, count: int, largest: int, own: MpegFrame) -> Frames:
    """Return the frames between two offsets, given what the first of them says about the others."""
    header = data[first : first + 4]
    tag = first + 4 + 2 * _has_checksum(header) + _side_bytes(header)
    tagged = data[tag : tag + 4] in (b"Xing", b"Info")
    silent = tagged or data[first + 36 : first + 40] == b"VBRI"
    count -= silent
    claimed = None
    if tagged and data[tag + 7] & 1:
        claimed = int.from_bytes(data[tag + 8 : tag + 12], "big")
        if claimed > count:
            raise CorruptSource(
                f"the MP3 claims {claimed} frames, but the file has {count}: {TRUNCATED}"
            )
    if claimed == count:
        return Frames(DecodablePart(b"", first, last), count, count * own.samples, noted=True)
    begin = first + own.size if silent else first
    # Enough for `count` frames of the largest size, and for those that libmpg123 reads ahead.
    more = max((count + _AHEAD) * largest - (last - begin), _AHEAD * largest)
    return Frames(DecodablePart(b"", begin, last, more), count, count * own.samples, noted=False)


def _is_tail(data: bytes, place: int) -> bool:
    """Return whether only zeros, or a tag for the end of a file, follow the last frame."""
    return not data[place:].strip(b"\0") or data.startswith(_TAILS, place)


def _is_layer_2(header: bytes) -> bool:
    return len(header) >= 2 and header[0] == 0xFF and _layer(header) == _LAYER_2


def _is_synchronized(header: bytes) -> bool:
    """Return whether eleven bits of ones begin a header."""
    return len(header) >= 3 and header[0] == 0xFF and header[1] & 0xE0 == 0xE0


def _has_checksum(header: bytes) -> bool:
    """Return whether two bytes of checksum follow the header: the bit is 0 if so."""
    return header[1] & 1 == 0


def _is_padded(header: bytes) -> bool:
    """Return whether the frame has one byte more than its bit rate needs."""
    return bool(header[2] >> 1 & 1)


def _version(header: bytes) -> int:
    return header[1] >> 3 & 3


def _layer(header: bytes) -> int:
    return header[1] >> 1 & 3


def _side_bytes(header: bytes) -> int:
    """Return the length of the side information, which precedes the tag."""
    mono = header[3] >> 6 == _MONO
    if _version(header) == _MPEG_1:
        return 17 if mono else 32
    return 9 if mono else 17


@lru_cache(maxsize=1024)
def _frame(header: bytes) -> MpegFrame | None:
    """Return what a header of three bytes says; None if it is not the header of a frame."""
    if not _is_synchronized(header):
        return None
    version, index, rate_index = _version(header), header[2] >> 4, header[2] >> 2 & 3
    is_reserved = version not in _HALVED or index in (0, 15) or rate_index == 3
    if is_reserved or _layer(header) != _LAYER_3:
        return None
    kbits = (_KBITS if version == _MPEG_1 else _KBITS_2)[index - 1]
    rate = _RATES[rate_index] >> _HALVED[version]
    samples = 1152 if version == _MPEG_1 else 576
    return MpegFrame(samples // 8 * kbits * 1000 // rate + _is_padded(header), samples, rate)
