"""The kind of a container, from its tracks: a video file that has only sound is sound."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from preprocessing.decode.audio.ogg import video_codec
from preprocessing.decode.containers import ebml
from preprocessing.decode.containers.boxes import boxes
from preprocessing.errors import CorruptSource, LimitExceeded, UnsupportedSource

if TYPE_CHECKING:
    from collections.abc import Callable

    from preprocessing.decode.sniff import Sniffed

# Enough for the header of an ASF or Ogg file, which is a few kilobytes.
_HEAD = 2**16
# "Advanced Systems Format Specification", 10.4: ASF_Video_Media.
_ASF_VIDEO = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")
# Most boxes that are looked at. In a fragmented file the first few name all tracks.
_MOST_BOXES = 2**13
# FLV: the flags of its fifth byte, which say what tracks there are.
_FLV_SOUND, _FLV_VIDEO = 4, 1


def by_tracks(found: Sniffed, read_at: Callable[[int, int], bytes], size: int) -> Sniffed:
    """Return the format and kind of an object, given the container that its first bytes show.

    Parameters
    ----------
    found : Sniffed
        As `sniff` returned it.
    read_at : callable
        Takes an offset and a length, and returns the bytes there, fewer at the end.
    size : int
        Of the object, in bytes.
    """
    match found.format:
        case "mp4":
            kinds = _in_boxes(read_at, size)
            if b"soun" in kinds and b"vide" not in kinds:
                return replace(found, kind="audio", format="m4a", content_type="audio/mp4")
        case "matroska":
            types = _in_matroska(read_at, size)
            if ebml.SOUND in types and ebml.VIDEO not in types:
                return replace(found, kind="audio", format="mka", content_type="audio/x-matroska")
        case "wma" if _ASF_VIDEO in read_at(0, min(_HEAD, size)):
            return replace(found, kind="video", format="wmv", content_type="video/x-ms-wmv")
        case "ogg" if video_codec(read_at(0, min(_HEAD, size))) is not None:
            return replace(found, kind="video", format="ogv", content_type="video/ogg")
        case "flv" if read_at(4, 1)[:1] == bytes([_FLV_SOUND]):
            return replace(found, kind="audio", format="fla", content_type="audio/x-flv")
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
