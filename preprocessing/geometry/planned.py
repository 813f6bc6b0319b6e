"""The geometry of a pipeline's result, planned from the header of a source."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Any, cast

from preprocessing import foreign_sources
from preprocessing.decode.sniff import sniff
from preprocessing.errors import IncompatibleSource, SourceError
from preprocessing.planner.plan import lower_pipeline, select_frames
from preprocessing.planner.stages.base import Decode
from preprocessing.planner.stages.starts import start
from preprocessing.rng import Draws, Seed
from preprocessing.sources import load_source, pillow_start
from preprocessing.spec.kinds import object_kind
from preprocessing.transforms._base import Branch

if TYPE_CHECKING:
    from preprocessing.geometry.geometry import Geometry
    from preprocessing.limits import Limits
    from preprocessing.media import Ranged, SourceKind
    from preprocessing.pipeline import Pipeline
    from preprocessing.planner.stages import Start
    from preprocessing.sources import AnySource

# What precedes the pixels of a photograph: its EXIF with a thumbnail has at most 64 KiB.
_HEAD = 80 * 2**10


def planned_geometry(
    pipeline: Pipeline, source: AnySource, seed: int | Seed, limits: Limits
) -> Geometry:
    """Return the geometry of a pipeline's result.

    Parameters
    ----------
    pipeline : Pipeline
    source, seed, limits
        As for calling the pipeline.

    Raises
    ------
    IncompatibleSource
        If the result is not an image or a video, or a step does not state where it moves places.
    SourceError, LimitExceeded
    """
    if object_kind(pipeline.kind) not in ("image", "video"):
        raise IncompatibleSource(
            f"the pipeline is for {pipeline.kind}; only images and videos have a geometry"
        )
    if any(isinstance(step, Branch) for step in pipeline.steps):
        raise IncompatibleSource(
            "each view has a geometry of its own, and the result of several has none; leave views out"
        )
    draws = Draws(b"")
    if not pipeline.random:
        begin = source_start(source, pipeline.kind, limits)
    else:
        whole = Seed(seed) if isinstance(seed, int) else seed
        if whole.etag is None:
            loaded = load_source(source, pipeline.kind, limits)
            begin, whole = loaded.start, whole.of(loaded.content)
        else:
            begin = source_start(source, pipeline.kind, limits)
        draws = Draws.of(pipeline.fingerprint, whole)
    begin = select_frames(pipeline.steps, begin, limits)
    lowered = lower_pipeline(pipeline.steps, pipeline.encoding, begin, limits, draws)
    if lowered.geometry is not None:
        return lowered.geometry
    silent = next(name for stage, name in lowered.names if stage.matrix(lowered.spec) is None)
    raise IncompatibleSource(
        f"{silent}: does not state where it moves places, so the result has no geometry"
    )


def source_start(source: AnySource, kind: SourceKind, limits: Limits) -> Start:
    """Return the start of a source, and read as little of the source as possible.

    Of a JPEG with one scan, that is what precedes the pixels. Other images may have their orientation
    at the end, or need a look at all of their parts.

    Raises
    ------
    SourceError, IncompatibleSource, LimitExceeded, OSError
        As `load_source`.
    """
    if foreign_sources.is_pillow_image(source):
        return pillow_start(source, kind, limits)
    if kind == "image":
        ranged: Any = source
        if isinstance(source, str | PathLike):
            from preprocessing.block_reader import RangedFile  # noqa: PLC0415  for files

            ranged = RangedFile(source)
        if hasattr(ranged, "read_at"):
            found = _of_jpeg(cast("Ranged", ranged), limits)
            if found is not None:
                return found
    return load_source(source, kind, limits).start


def _of_jpeg(ranged: Ranged, limits: Limits) -> Start | None:
    """Return the start of a JPEG with one scan; None for all else, and what is damaged."""
    if not 0 < ranged.size <= limits.source_bytes:
        return None
    head = ranged.read_at(0, min(ranged.size, _HEAD))
    if not head.startswith(b"\xff\xd8\xff"):
        return None
    try:
        begin = start(head, sniff(head, "image"), limits, "image")
    except SourceError:  # it may be cut only here
        return None
    assert isinstance(begin, Decode)
    return None if begin.header.several else begin
