"""The contact sheet: up to 200 objects of a place through the pipeline, each as soon as it is ready.

``difference`` is of two thumbnails: the mean absolute difference, from 0 to 255, of the result's and the
source's that is scaled to it. It costs next to nothing, and finds results that show something else than
their sources. Only images and videos have it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from jitprep.playground.asks import AskRefused, PipelineAsk, SourceAsk, seed_of
from jitprep.playground.drawing.thumbs import draw_thumb
from jitprep.playground.failures import failure_of
from jitprep.playground.listing import ObjectEntry, search_objects
from jitprep.playground.looking.results import draw_result, run_read
from jitprep.playground.looking.subject import Subject
from jitprep.playground.looking.thumbnails import mean_difference, thumbnail
from jitprep.playground.members import etag_of
from jitprep.playground.pipelines import effective
from jitprep.service.thread_pools import granted_cpus
from preprocessing import Pipeline, Seed
from preprocessing.cancellation import Signal, cancellable, checkpoint
from preprocessing.sources import Passed

if TYPE_CHECKING:
    from jitprep.playground.drawing.view import Frame, View
    from jitprep.playground.items import Item
    from jitprep.playground.playground import Playground
    from preprocessing import ShardPipeline
    from preprocessing.pipeline import AnyPipeline

_MOST = 200
_LOOK_S = 0.1  # how often a wait looks whether it is cancelled
_PICTURES = frozenset({"image", "index", "views", "video"})


def answer(playground: Playground, asked: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the number of objects, a row for each, and whether there are more.

    Parameters
    ----------
    playground : Playground
    asked : mapping
        ``place``, ``prefix`` and ``search`` as for a list of objects; ``pipeline``, ``off`` and ``seed``
        as for a look; ``most``, 200 or fewer.
    """
    wanted = PipelineAsk.of(asked)
    pipeline = effective(playground, wanted.pipeline, wanted.off)
    seed = seed_of(asked.get("seed", 0))
    place, prefix, search = (str(asked.get(name, "")) for name in ("place", "prefix", "search"))
    where = playground.places.place(place)
    page = search_objects(where, prefix, search, "", _most(asked.get("most", _MOST)))
    yield {"total": len(page.keys)}
    sheet = _Sheet(playground, place, pipeline, seed)
    yield from sheet.rows(page.keys)
    yield {"done": True, "cut": page.after is not None}


def _most(value: object) -> int:
    if type(value) is not int or not 1 <= value <= _MOST:
        raise AskRefused(f"most must be a whole number from 1 to {_MOST}")
    return value


class _Sheet:
    def __init__(
        self, playground: Playground, place: str, pipeline: AnyPipeline, seed: int
    ) -> None:
        self._playground, self._place = playground, place
        self._pipeline, self._seed = pipeline, seed

    def rows(self, objects: tuple[ObjectEntry, ...]) -> Iterator[Mapping[str, Any]]:
        """Yield rows as they are ready, made in threads of their own.

        The application computes answers in a few threads. Rows that waited for those would wait forever.
        """
        signal = Signal()
        pool = ThreadPoolExecutor(granted_cpus(), "sheet")
        try:
            waiting = {pool.submit(self._row, each, signal) for each in objects}
            while waiting:
                checkpoint()
                done, waiting = wait(waiting, _LOOK_S, FIRST_COMPLETED)
                yield from map(Future.result, done)
        finally:
            signal.cancel()
            pool.shutdown(wait=False, cancel_futures=True)

    def _row(self, found: ObjectEntry, signal: Signal) -> Mapping[str, Any]:
        row: dict[str, Any] = {"key": found.key, "nbytes": found.nbytes, "error": None}
        row |= dict.fromkeys(("result_nbytes", "ms", "frame", "difference"))
        with cancellable(signal):
            try:
                item = self._playground.places.read(SourceAsk(place=self._place, key=found.key))
                row |= self._made(item)
            except Exception as error:  # of one object; the others have rows all the same
                row["error"] = failure_of(error)
        return row

    def _made(self, item: Item) -> dict[str, Any]:
        """Return the columns of a result."""
        desk, limits = self._playground.desk, self._playground.limits
        if not isinstance(self._pipeline, Pipeline):
            return self._made_shard(item, self._pipeline)
        subject = Subject(self._pipeline, item, limits)

        def source() -> Frame | None:
            return thumbnail(desk, lambda scratch: draw_thumb(scratch, item, limits))

        if isinstance(subject.loaded, Passed):
            return {"result_nbytes": len(subject.loaded.content), "ms": 0.0, "frame": source()}
        result = run_read(subject, subject.loaded, self._seed)
        frame = thumbnail(desk, lambda scratch: _first(draw_result(scratch, subject, result)))
        compared = result.plan.output.kind in _PICTURES
        return {
            "result_nbytes": len(result.body),
            "ms": round(result.ms, 2),
            "frame": frame,
            "difference": mean_difference(desk, frame, source()) if compared else None,
        }

    def _made_shard(self, item: Item, pipeline: ShardPipeline) -> dict[str, Any]:
        seed, start = Seed(self._seed, item.key, etag_of(item)), time.perf_counter()
        pieces = pipeline.encode(item.content, seed=seed, limits=self._playground.limits)
        nbytes = sum(map(len, pieces))
        return {"result_nbytes": nbytes, "ms": round(1000 * (time.perf_counter() - start), 2)}


def _first(view: View) -> Frame | None:
    return next(iter(view.frames), None)
