"""Many objects, read concurrently and transformed on every vCPU, each into its row of one tensor."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from threading import Event, Lock
from typing import TYPE_CHECKING

from jitprep.service.config import Policy, config
from jitprep.service.deadline import Budget, Deadline, transform_turn
from jitprep.service.errors import DEFECTS, RequestFailed, as_request_failed, out_of_time
from jitprep.service.http import checksums
from jitprep.service.lambda_limits import BodyLimit
from jitprep.service.messages import (
    BatchRequest,
    BatchResponse,
    ObjectRequest,
    Row,
    Source,
    Unread,
)
from jitprep.service.request_metrics import RequestMetrics, Unexpected
from jitprep.service.results import spill
from jitprep.service.results.derived_object import DerivedObject, provenance
from jitprep.service.results.kept_results import derived_copy, encode, kept_part
from jitprep.service.s3_names import METADATA_HEADER
from jitprep.service.source.opening import open_original
from jitprep.service.source.original import require_size, require_time
from jitprep.service.thread_pools import HandedOver, makers, readers, work_threads
from preprocessing import LimitExceeded, Limits, Pipeline, Stack
from preprocessing.cancellation import Cancelled, Signal, cancellable, checkpoint

if TYPE_CHECKING:
    from jitprep.service.results.kept_part import KeptPart

# The share of the time that is kept for stacking the rows and, where they are too large, spilling them.
_STACKING_SHARE = 0.1


def read_batch(
    request: BatchRequest,
    sources: Sequence[Source],
    pipeline: Pipeline,
    policy: Policy,
    deadline: Deadline,
    metrics: RequestMetrics,
) -> BatchResponse:
    """Answer with a row for each object that was transformed in time, and a failure for each other one.

    Parameters
    ----------
    request : BatchRequest
    sources : sequence of (Presigned or StoredObject)
        Of the request's objects, in order.
    pipeline : Pipeline
    policy : Policy
    deadline : Deadline
    metrics : RequestMetrics

    Raises
    ------
    SpecError
        For a pipeline whose results cannot be stacked.
    RequestFailed
        ``ResponseTooLarge``, before anything is read.
    """
    stack = Stack(pipeline, len(request.objects))
    _require_room(stack, request.body_limit)
    limits = _share(policy.limits, stack)
    sooner = deadline.sooner(_STACKING_SHARE)
    kept = None if policy.store is None else kept_part(policy.store, pipeline)
    made = _Work(request, sources, pipeline, stack, sooner, limits, kept).done()
    metrics.bytes_in = sum(one.metrics.bytes_in for one in made)
    for one in made:
        metrics.unexpected += one.metrics.unexpected
    for stage in ("fetch", "transform"):
        metrics.ms[stage] = round(sum(one.metrics.ms.get(stage, 0.0) for one in made), 3)
    with metrics.timed("stack"):
        response = _stacked(request, stack, made)
    for outcome, number in [pair for one in made for pair in one.metrics.store.items()]:
        metrics.count_copies(outcome, number)
    metrics.rows, metrics.failed = len(response.rows), len(response.unread)
    return response


def _require_room(stack: Stack, limit: BodyLimit | None) -> None:
    if limit is None:
        return
    nbytes, largest = stack.output.nbytes, spill.largest_body(limit)
    assert nbytes is not None
    if nbytes <= largest:
        return
    fitting = stack.most(largest)
    advice = f"ask for {fitting} keys at a time" if fitting else "ask for smaller results"
    spills = not limit.streamed and config().spill is None
    folder = ", or set a folder for large answers in JITPREP_SPILL" if spills else ""
    raise RequestFailed(
        413,
        "ResponseTooLarge",
        f"the rows have {nbytes} bytes, and at most {largest} can be returned; {advice}{folder}",
    )


def _share(limits: Limits, stack: Stack) -> Limits:
    """Return the limits of each maker: its share of the memory beside the stack and waiting originals.

    Raises
    ------
    LimitExceeded
        Where the stack by itself exceeds the memory.
    """
    assert stack.output.nbytes is not None
    waiting = min(limits.source_bytes, limits.memory // 4)
    left = limits.memory - stack.output.nbytes - waiting
    if left <= 0:
        raise LimitExceeded(
            f"the rows have {stack.output.nbytes >> 20} MiB, and the memory limit is "
            f"{limits.memory >> 20} MiB; ask for fewer keys at a time, or raise the function's memory"
        )
    return replace(limits, source_bytes=waiting, memory=left // makers())


@dataclass(slots=True)
class _Made:
    """The result of one object."""

    etag: str = ""
    metrics: RequestMetrics = field(default_factory=RequestMetrics)
    failure: RequestFailed | None = None


class _Work:
    """A batch in progress: each thread takes one row after another, reads it and transforms it.

    While one transforms, others wait for S3. Handing rows from thread to thread would cost more CPU, and
    the number of transforms at a time is limited by their turns.
    """

    def __init__(
        self,
        request: BatchRequest,
        sources: Sequence[Source],
        pipeline: Pipeline,
        stack: Stack,
        deadline: Deadline,
        limits: Limits,
        kept: KeptPart | None,
    ) -> None:
        names = zip(request.objects, sources, strict=True)
        self._objects = [
            (ObjectRequest("GET", name.key, source, request.choice), source)
            for name, source in names
        ]
        self._pipeline, self._stack, self._deadline = pipeline, stack, deadline
        self._limits, self._signal, self._kept = limits, Signal(deadline.at), kept
        self._budget = Budget(self._limits.source_bytes)
        self._rows = deque(range(len(request.objects)))
        self._made: list[_Made | None] = [None] * len(request.objects)
        self._left = len(request.objects)
        self._lock, self._over = Lock(), Event()

    def done(self) -> Sequence[_Made]:
        """Read and transform all objects, and return their results when the time is up at the latest."""
        for number in range(min(readers(), len(self._objects))):
            # One is enough; others are started where they are free.
            seconds = 0.0 if number else self._deadline.left
            if not work_threads().start(HandedOver(self._take_rows), seconds):
                break
        self._over.wait(self._deadline.left)
        self._signal.cancel()  # running work ends at its next checkpoint, waiting work does not start
        with self._lock:
            return [one or _Made(failure=out_of_time()) for one in self._made]

    def _take_rows(self) -> None:
        with cancellable(self._signal):
            while True:
                try:
                    row = self._rows.popleft()
                except IndexError:  # they are all taken
                    return
                self._do(row)

    def _do(self, row: int) -> None:
        made = _Made()
        try:
            require_time(self._deadline)
            if self._kept is not None and self._take_copy(row, made, self._kept):
                self._finish(row, made)
                return
            with made.metrics.timed("fetch"):
                derived, data, taken = self._fetch(row)
            made.etag, made.metrics.bytes_in = derived.etag, len(data)
        except Cancelled:
            self._finish(row, made, out_of_time())
            return
        except Exception as error:  # it fails this object only
            self._finish(row, made, error)
            return
        self._make(row, made, derived, data, taken)

    def _take_copy(self, row: int, made: _Made, kept: KeptPart) -> bool:
        """Fill a row from the store; return whether it has a copy."""
        request, source = self._objects[row]
        found = derived_copy(request, source, kept, self._limits, self._deadline, made.metrics)
        if found is None:
            return False
        made.etag = found[0].etag
        self._stack.put(row, found[1].body)
        return True

    def _fetch(self, row: int) -> tuple[DerivedObject[Pipeline], bytes, int]:
        """Return an object, its bytes, and the number of bytes to give back to the budget."""
        limit, (request, source) = self._limits.source_bytes, self._objects[row]
        with open_original(source, self._deadline) as original:
            require_size(original.object_head, limit)
            derived = DerivedObject.of(request, source, self._pipeline, original.object_head)
            length = None if original.object_head.coded else original.object_head.length
            taken = limit if length is None else length
            self._budget.take(taken, self._deadline)
            try:
                return derived, original.read(limit), taken
            except BaseException:
                self._budget.give(taken)
                raise

    def _make(
        self, row: int, made: _Made, derived: DerivedObject[Pipeline], data: bytes, taken: int
    ) -> None:
        try:
            with transform_turn(self._deadline), made.metrics.timed("transform"):
                checkpoint()
                if self._kept is None:
                    self._stack.fill(row, data, seed=derived.seed, limits=self._limits)
                else:
                    source = self._objects[row][1]
                    made_of = encode(derived, source, data, self._limits, self._kept)
                    self._stack.put(row, made_of.body)
        except Cancelled:
            self._finish(row, made, out_of_time())
        except Exception as error:
            self._finish(row, made, error)
        else:
            self._finish(row, made)
        finally:
            self._budget.give(taken)

    def _finish(self, row: int, made: _Made, error: Exception | None = None) -> None:
        """Record an object's result; not the error itself, whose traceback would keep the row alive."""
        if error is not None:
            made.failure = as_request_failed(error) if self._deadline.left else out_of_time()
            if made.failure.code in DEFECTS:
                made.metrics.unexpected.append(Unexpected.of(error))
        with self._lock:
            self._made[row] = made
            self._left -= 1
            if self._left == 0:
                self._over.set()


def _stacked(request: BatchRequest, stack: Stack, made: Sequence[_Made]) -> BatchResponse:
    keys = [name.key for name in request.objects]
    filled = [row for row, one in enumerate(made) if one.failure is None]
    rows = tuple(Row(keys[row], made[row].etag) for row in filled)
    unread = tuple(
        Unread(key, one.failure) for key, one in zip(keys, made, strict=True) if one.failure
    )
    if not rows:
        return BatchResponse(200, unread=unread)
    encoded = stack.encode(filled, seed=request.choice.seed)
    made_by = provenance(encoded.metadata)
    headers = {f"{METADATA_HEADER}{name}": value for name, value in made_by.items()}
    headers["Content-Type"] = encoded.content_type
    headers[checksums.CRC32] = checksums.crc32(encoded.body)
    return BatchResponse(200, encoded.body, headers, rows=rows, unread=unread)
