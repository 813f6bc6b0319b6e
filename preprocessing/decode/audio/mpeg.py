"""The frames of MP3, counted.

An MP3 is frames, one after the other, each of which tells its own length; what they amount to is told,
if at all, by a first frame of silence that holds a note (Xing's, or LAME's). Where there is none
libmpg123 guesses from the first frame's bit rate, and of a variable bit rate libsndfile then reads a
part. So the frames are counted here, which takes a twentieth of the time of their decoding, and where
the note is missing libsndfile is made to believe in a file that is long enough, and reads to its end:
all samples of all frames, as FFmpeg gives them. With a note of ours it would leave out some.
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

# ISO/IEC 11172-3 and 13818-3, 2.4.2.3, of layer III: bit rates in kbit/s by their index from 1 to 14,
# and rates, which are halved for MPEG 2 and again for 2.5.
_KBITS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBITS_2 = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES = (44_100, 48_000, 32_000)
_HALVED = {3: 0, 2: 1, 0: 2}  # by the two bits of the version
_MPEG_1 = 3
_LAYER_3, _LAYER_2 = 1, 2
_MONO = 3
_AHEAD = 64
# How many frames are counted between two questions whether to stop.
_RUN = 4096
# Tags that may follow the last frame: ID3v1, APEv2, Lyrics3. ID3v2 may stand anywhere between frames.
_PADDED = re.compile(b"\\0*")
_TAILS = (b"TAG", b"APETAGEX", b"LYRICS")


class MpegFrame(NamedTuple):
    """What the header of a frame tells: its bytes, its samples a channel, the rate."""

    size: int
    samples: int
    rate: int


@frozen
class Frames:
    """The frames of an object.

    Parameters
    ----------
    part : DecodablePart
        Where they are, without a note that is not true.
    count : int
        How many there are, the note not counted.
    samples : int
        What they come to, a channel; a note may say that fewer of them are meant.
    noted : bool
        Whether there is one, and it is true.
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
        For layer II, where no note would be read.
    CorruptSource
        Where the last frame is cut, there are fewer than the first one tells of, or what follows a
        frame is neither a frame nor a tag.
    """
    first = _begin(data)
    largest = 0
    place, count, own = first, 0, _frame(data[first : first + 3])
    if own is None:
        header = data[first : first + 2]
        if len(header) == 2 and header[0] == 0xFF and header[1] >> 1 & 3 == _LAYER_2:
            raise UnsupportedSource(
                "MPEG audio of layer II is not decoded; convert it, as by ffmpeg -i in.mp2 out.flac"
            )
        raise CorruptSource("no frame of MP3 follows the tags")
    while place < len(data):
        frame = _frame(data[place : place + 3])
        if frame is None or frame[1:] != own[1:]:
            after = skip_tags(data, place)
            if after == place:
                break
            place = after
            continue
        if place + frame.size > len(data):
            raise CorruptSource(f"frame {count + 1} of the MP3 is cut: {TRUNCATED}")
        place += frame.size
        largest = max(largest, frame.size)
        count += 1
        if not count % _RUN:
            checkpoint()
    if data[place:].strip(b"\0") and not data.startswith(_TAILS, place):
        raise CorruptSource(f"after {count} frames the MP3 has something else, at byte {place}")
    return _noted(data, first, place, count, largest, own)


def _begin(data: bytes) -> int:
    """Return where the first frame is: behind tags, and zeros that pad them."""
    place = skip_tags(data, 0)
    if place and data[place : place + 1] == b"\0":
        place += _PADDED.match(data, place).end() - place  # type: ignore[union-attr]
    return place


def _noted(data: bytes, first: int, last: int, count: int, largest: int, own: MpegFrame) -> Frames:
    checked = data[first + 1] & 1 == 0  # then a checksum follows the header
    tag = first + 4 + 2 * checked + _side(data[first : first + 4])
    noted = data[tag : tag + 4] in (b"Xing", b"Info")
    silent = noted or data[first + 36 : first + 40] == b"VBRI"
    count -= silent
    told = None
    if noted and data[tag + 7] & 1:
        told = int.from_bytes(data[tag + 8 : tag + 12], "big")
        if told > count:
            raise CorruptSource(f"the MP3 claims {told} frames, and {count} are there: {TRUNCATED}")
    if told == count:
        return Frames(DecodablePart(b"", first, last), count, count * own.samples, noted=True)
    begin = first + own.size if silent else first
    # As many frames of any size as there are, and some more: what libmpg123 has read ahead.
    more = max((count + _AHEAD) * largest - (last - begin), _AHEAD * largest)
    return Frames(DecodablePart(b"", begin, last, more), count, count * own.samples, noted=False)


def _side(header: bytes) -> int:
    """Length of the side information, which the note stands behind."""
    mono = header[3] >> 6 == _MONO
    if header[1] >> 3 & 3 == _MPEG_1:
        return 17 if mono else 32
    return 9 if mono else 17


@lru_cache(maxsize=1024)
def _frame(header: bytes) -> MpegFrame | None:
    if len(header) < 3 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return None
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    index, rate_index = header[2] >> 4, header[2] >> 2 & 3
    if version not in _HALVED or layer != _LAYER_3 or index in (0, 15) or rate_index == 3:
        return None
    kbits = (_KBITS if version == _MPEG_1 else _KBITS_2)[index - 1]
    rate = _RATES[rate_index] >> _HALVED[version]
    samples = 1152 if version == _MPEG_1 else 576
    return MpegFrame(samples // 8 * kbits * 1000 // rate + (header[2] >> 1 & 1), samples, rate)
