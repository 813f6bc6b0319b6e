"""Many objects, read at once and transformed on every vCPU, each into its row of one tensor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Event, Lock

from handler import log, spill
from handler.config import config
from handler.copies import ours
from handler.crew import Budget, crew, dismiss
from handler.derived import Derived
from handler.errors import RequestFailed, explain, out_of_time
from handler.exchange import BatchRequest, BatchResponse, Deadline, Measures, Row, Unread
from handler.source import fetch, require_size, require_time
from preprocessing import Pipeline, Stack

# Of the time that there is, for closing the rows up and, perhaps, putting them aside.
_STACKING_SHARE = 0.1


def answer(
    request: BatchRequest, pipeline: Pipeline, deadline: Deadline, measures: Measures
) -> BatchResponse:
    """Answer with a row for each object that could be made in time, and with why others could not.

    Raises
    ------
    SpecError
        For a pipeline whose results cannot be stacked.
    RequestFailed
        ``ResponseTooLarge``, before anything is read.
    """
    stack = Stack(pipeline, len(request.objects))
    _require_room(stack, request.room)
    work = _Work(request, pipeline, stack, deadline.sooner(_STACKING_SHARE), measures.request_id)
    made = work.done()
    measures.bytes_in = sum(one.measures.bytes_in for one in made)
    for stage in ("fetch", "transform"):
        measures.ms[stage] = round(sum(one.measures.ms.get(stage, 0.0) for one in made), 3)
    with measures.timed("stack"):
        response = _stacked(request, stack, made)
    measures.rows, measures.failed = len(response.rows), len(response.unread)
    return response


def _require_room(stack: Stack, room: int | None) -> None:
    if room is None:
        return
    nbytes, largest = stack.output.nbytes, spill.largest(room)
    assert nbytes is not None
    if nbytes <= largest:
        return
    fitting = stack.most(largest)
    advice = f"ask for {fitting}" if fitting else "ask for smaller results, or for fewer"
    folder = "" if config().spill else ", or have a folder for large answers set in JITPREP_SPILL"
    raise RequestFailed(
        413,
        "ResponseTooLarge",
        f"all rows have {nbytes} bytes, and {largest} can be sent; {advice} keys at a time{folder}",
    )


@dataclass(slots=True)
class _Made:
    """What came of one object."""

    etag: str = ""
    measures: Measures = field(default_factory=Measures)
    failure: RequestFailed | None = None


class _Work:
    """A batch under way: each object is read by one thread, and then made by another."""

    def __init__(
        self,
        request: BatchRequest,
        pipeline: Pipeline,
        stack: Stack,
        deadline: Deadline,
        request_id: str,
    ) -> None:
        self._objects, self._pipeline, self._stack = request.objects, pipeline, stack
        self._deadline, self._request_id = deadline, request_id
        self._limits = config().limits
        self._budget = Budget(self._limits.source_bytes)
        self._crew = crew()
        self._made: list[_Made | None] = [None] * len(request.objects)
        self._left = len(request.objects)
        self._lock, self._over = Lock(), Event()

    def done(self) -> Sequence[_Made]:
        """Do it, and return what came of each object in the time that there was."""
        for row in range(len(self._objects)):
            self._crew.readers.submit(self._read, row)
        if not self._over.wait(self._deadline.left):
            dismiss()
        with self._lock:
            return [one or _Made(failure=out_of_time()) for one in self._made]

    def _read(self, row: int) -> None:
        made = _Made()
        try:
            with made.measures.timed("fetch"):
                derived, data, taken = self._fetch(row)
            made.etag, made.measures.bytes_in = derived.etag, len(data)
            self._crew.makers.submit(self._make, row, made, derived, data, taken)
        except Exception as error:  # each object's own, whatever it was
            self._finish(row, made, error)

    def _fetch(self, row: int) -> tuple[Derived, bytes, int]:
        """Return an object, and how many bytes of it are counted in the budget."""
        limit = self._limits.source_bytes
        with fetch(self._objects[row].source, self._deadline) as original:
            require_size(original.facts, limit)
            derived = Derived.of(self._objects[row], self._pipeline, original.facts)
            length = None if original.facts.coded else original.facts.length
            taken = limit if length is None else length
            self._budget.take(taken, self._deadline)
            try:
                return derived, original.read(limit), taken
            except BaseException:
                self._budget.give(taken)
                raise

    def _make(self, row: int, made: _Made, derived: Derived, data: bytes, taken: int) -> None:
        try:
            require_time(self._deadline)
            with made.measures.timed("transform"):
                self._stack.fill(row, data, seed=derived.seed, limits=self._limits)
        except Exception as error:
            self._finish(row, made, error)
        else:
            self._finish(row, made)
        finally:
            self._budget.give(taken)

    def _finish(self, row: int, made: _Made, error: Exception | None = None) -> None:
        """Note what came of an object; not the error itself, whose traceback holds on to the row."""
        if error is not None:
            made.failure = explain(error) if self._deadline.left else out_of_time()
            if made.failure.code == "InternalError":
                log.unexpected(self._request_id, error)
        with self._lock:
            self._made[row] = made
            self._left -= 1
            if self._left == 0:
                self._over.set()


def _stacked(request: BatchRequest, stack: Stack, made: Sequence[_Made]) -> BatchResponse:
    keys = [one.key for one in request.objects]
    filled = [row for row, one in enumerate(made) if one.failure is None]
    rows = tuple(Row(keys[row], made[row].etag) for row in filled)
    unread = tuple(
        Unread(key, one.failure) for key, one in zip(keys, made, strict=True) if one.failure
    )
    if not rows:
        return BatchResponse(200, unread=unread)
    encoded = stack.encode(filled, seed=request.choice.seed)
    headers = {f"x-amz-meta-{name}": value for name, value in ours(encoded.metadata).items()}
    headers["Content-Type"] = encoded.content_type
    return BatchResponse(200, encoded.body, headers, rows=rows, unread=unread)
