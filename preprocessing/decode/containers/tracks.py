"""The kind of a container, from its tracks: a video file that has only sound is sound."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from preprocessing.decode.audio.ogg import video_codec
from preprocessing.decode.containers import ebml
from preprocessing.decode.containers.boxes import boxes
from preprocessing.decode.formats import FORMATS
from preprocessing.errors import CorruptSource, LimitExceeded, UnsupportedSource

if TYPE_CHECKING:
    from collections.abc import Callable

    from preprocessing.decode.formats import Format


# Enough for the header of an ASF or Ogg file, which is a few kilobytes.
_HEAD = 2**16
# "Advanced Systems Format Specification", 10.4: ASF_Video_Media.
_ASF_VIDEO = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")
# Most boxes that are looked at. In a fragmented file the first few name all tracks.
_MOST_BOXES = 2**13
# FLV: the flags of its fifth byte, which say what tracks there are.
_FLV_SOUND, _FLV_VIDEO = 4, 1


def by_tracks(found: Format, read_at: Callable[[int, int], bytes], size: int) -> Format:
    """Return the format and kind of an object, given the container that its first bytes show.

    Parameters
    ----------
    found : Format
        As `sniff` returned it.
    read_at : callable
        Takes an offset and a length, and returns the bytes there, fewer at the end.
    size : int
        Of the object, in bytes.
    """
    match found.name:
        case "mp4":
            kinds = _in_boxes(read_at, size)
            if b"soun" in kinds and b"vide" not in kinds:
                return FORMATS["m4a"]
        case "matroska":
            types = _in_matroska(read_at, size)
            if ebml.SOUND in types and ebml.VIDEO not in types:
                return FORMATS["mka"]
        case "wma" if _ASF_VIDEO in read_at(0, min(_HEAD, size)):
            return FORMATS["wmv"]
        case "ogg" if video_codec(read_at(0, min(_HEAD, size))) is not None:
            return FORMATS["ogv"]
        case "flv" if read_at(4, 1)[:1] == bytes([_FLV_SOUND]):
            return FORMATS["fla"]
        case _:
            pass
    return found


def _in_boxes(read_at: Callable[[int, int], bytes], size: int) -> set[bytes]:
    """Return the handler types of the tracks, up to the first video track."""
    kinds = set[bytes]()
    try:
        for box in islice(boxes(read_at, size), _MOST_BOXES):
            if box.kind == b"hdlr" and box.track:
                kinds.add(read_at(box.start + 8, 4))
            if b"vide" in kinds:
                break
    except (CorruptSource, LimitExceeded, UnsupportedSource):  # the decoder raises it again
        return set()
    return kinds


def _in_matroska(read_at: Callable[[int, int], bytes], size: int) -> set[int]:
    types = set[int]()
    for found in ebml.header_elements(read_at, size):
        if found.name == ebml.TRACKS:
            types.update(ebml.track_types(read_at, found))
    return types
