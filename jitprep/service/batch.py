"""Many objects, read at once and transformed on every vCPU, each into its row of one tensor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from threading import Event, Lock

from jitprep.service.config import config
from jitprep.service.deadline import Deadline
from jitprep.service.errors import RequestFailed, explain, out_of_time
from jitprep.service.messages import (
    BatchRequest,
    BatchResponse,
    RequestMetrics,
    Row,
    Unexpected,
    Unread,
)
from jitprep.service.results import spill
from jitprep.service.results.copy_metadata import ours
from jitprep.service.results.derived_object import DerivedObject
from jitprep.service.source.original import fetch, require_size, require_time
from jitprep.service.thread_pools import Budget, makers, thread_pools
from preprocessing import LimitExceeded, Limits, Pipeline, Stack
from preprocessing.cancellation import Cancelled, Signal, cancellable, checkpoint

# Of the time that there is, for closing the rows up and, perhaps, putting them aside.
_STACKING_SHARE = 0.1


def answer(
    request: BatchRequest, pipeline: Pipeline, deadline: Deadline, metrics: RequestMetrics
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
    _require_room(stack, request.max_body_bytes)
    limits = _share(config().limits, stack)
    sooner = deadline.sooner(_STACKING_SHARE)
    work = _Work(request, pipeline, stack, sooner, limits)
    made = work.done()
    metrics.bytes_in = sum(one.metrics.bytes_in for one in made)
    for one in made:
        metrics.unexpected += one.metrics.unexpected
    for stage in ("fetch", "transform"):
        metrics.ms[stage] = round(sum(one.metrics.ms.get(stage, 0.0) for one in made), 3)
    with metrics.timed("stack"):
        response = _stacked(request, stack, made)
    metrics.rows, metrics.failed = len(response.rows), len(response.unread)
    return response


def _require_room(stack: Stack, max_body_bytes: int | None) -> None:
    if max_body_bytes is None:
        return
    nbytes, largest = stack.output.nbytes, spill.largest(max_body_bytes)
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


def _share(limits: Limits, stack: Stack) -> Limits:
    """Return what each maker may hold, of what the stack and the originals that wait leave.

    Raises
    ------
    LimitExceeded
        Where the stack alone is too much.
    """
    assert stack.output.nbytes is not None
    waiting = min(limits.source_bytes, limits.memory // 4)
    left = limits.memory - stack.output.nbytes - waiting
    if left <= 0:
        raise LimitExceeded(
            f"all rows have {stack.output.nbytes >> 20} MiB, and the limit for all is "
            f"{limits.memory >> 20} MiB; ask for fewer keys at a time, or raise the function's memory"
        )
    return replace(limits, source_bytes=waiting, memory=left // makers())


@dataclass(slots=True)
class _Made:
    """What came of one object."""

    etag: str = ""
    metrics: RequestMetrics = field(default_factory=RequestMetrics)
    failure: RequestFailed | None = None


class _Work:
    """A batch under way: each object is read by one thread, and then made by another."""

    def __init__(
        self,
        request: BatchRequest,
        pipeline: Pipeline,
        stack: Stack,
        deadline: Deadline,
        limits: Limits,
    ) -> None:
        self._objects, self._pipeline, self._stack = request.objects, pipeline, stack
        self._deadline = deadline
        self._limits, self._signal = limits, Signal(deadline.at)
        self._budget = Budget(self._limits.source_bytes)
        self._crew = thread_pools()
        self._made: list[_Made | None] = [None] * len(request.objects)
        self._left = len(request.objects)
        self._lock, self._over = Lock(), Event()

    def done(self) -> Sequence[_Made]:
        """Do it, and return what came of each object in the time that there was."""
        for row in range(len(self._objects)):
            self._crew.readers.submit(self._read, row)
        self._over.wait(self._deadline.left)
        self._signal.cancel()  # what is left ends at its next checkpoint, what waits does not begin
        with self._lock:
            return [one or _Made(failure=out_of_time()) for one in self._made]

    def _read(self, row: int) -> None:
        made = _Made()
        try:
            require_time(self._deadline)
            with made.metrics.timed("fetch"):
                derived, data, taken = self._fetch(row)
            made.etag, made.metrics.bytes_in = derived.etag, len(data)
            self._crew.makers.submit(self._make, row, made, derived, data, taken)
        except Exception as error:  # each object's own, whatever it was
            self._finish(row, made, error)

    def _fetch(self, row: int) -> tuple[DerivedObject, bytes, int]:
        """Return an object, and how many bytes of it are counted in the budget."""
        limit = self._limits.source_bytes
        with fetch(self._objects[row].source, self._deadline) as original:
            require_size(original.object_head, limit)
            derived = DerivedObject.of(self._objects[row], self._pipeline, original.object_head)
            length = None if original.object_head.coded else original.object_head.length
            taken = limit if length is None else length
            self._budget.take(taken, self._deadline)
            try:
                return derived, original.read(limit), taken
            except BaseException:
                self._budget.give(taken)
                raise

    def _make(self, row: int, made: _Made, derived: DerivedObject, data: bytes, taken: int) -> None:
        try:
            with cancellable(self._signal), made.metrics.timed("transform"):
                checkpoint()
                self._stack.fill(row, data, seed=derived.seed, limits=self._limits)
        except Cancelled:
            self._finish(row, made, out_of_time())
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
                made.metrics.unexpected.append(Unexpected.of(error))
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
