"""`DecodeAudio`: the start of a plan for sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from preprocessing.decode.audio import decoder as audio
from preprocessing.decode.audio.decoder import CONTAINERS, AudioHeader
from preprocessing.frozen import frozen
from preprocessing.media import AudioSpec
from preprocessing.planner.stages.base import Start

if TYPE_CHECKING:
    from preprocessing.decode.formats import Format
    from preprocessing.limits import Limits
    from preprocessing.media import Array, Content


@frozen
class DecodeAudio(Start):
    """Start that decodes sound; see `preprocessing.decode.audio.decoder.decode`."""

    header: AudioHeader
    limits: Limits

    def __str__(self) -> str:
        return f"DecodeAudio({self.header.format} {self.header.subtype})"

    @classmethod
    def probe(cls, data: bytes, found: Format, limits: Limits) -> DecodeAudio:
        format_ = found.name
        if format_ in CONTAINERS:
            from preprocessing.decode.audio import container_track  # noqa: PLC0415  for containers

            return cls(container_track.probe(data, format_, limits), limits)
        return cls(audio.probe(data, format_, limits), limits)

    def output(self) -> AudioSpec:
        return AudioSpec(self.header.channels, self.header.samples, self.header.rate)

    def holds(self) -> int:
        return self.header.holds

    def run(self, content: Content) -> Array:
        assert isinstance(content, bytes)
        if self.header.format in CONTAINERS:
            from preprocessing.decode.audio import container_track  # noqa: PLC0415  for containers

            return container_track.decode(content, self.header, self.limits)
        return audio.decode(content, self.header)
