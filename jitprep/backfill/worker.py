"""Worker that does tasks. Every engine runs it, in any number of processes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from functools import partial
from os import SEEK_END
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, TypeAlias, TypeVar

from jitprep.backfill import reading, shards
from jitprep.backfill.aws import THREADS, sdk_client
from jitprep.backfill.job import BackfillJob
from jitprep.backfill.listing import ListedObject
from jitprep.backfill.outcome import Failed, Failure, TaskOutcome, reason_of
from jitprep.backfill.reading import Copy
from jitprep.backfill.shard_writers import CONTENT_TYPES, shard_writer
from jitprep.backfill.storage import Storage
from jitprep.backfill.tasks import BackfillTask, Copies, Shard
from jitprep.service.results.copy_metadata import SOURCE_ETAG, storable

if TYPE_CHECKING:
    from jitprep.backfill.tables import RowSource

_T = TypeVar("_T")
# Returns the copy of an original, or raises Failed.
_Make: TypeAlias = Callable[[ListedObject], Copy]
# Copies that may wait in memory for an earlier one of their shard.
_AHEAD = 2 * THREADS
# S3's limit for one PutObject.
_ONE_WRITE = 5 * 2**30


class TaskWorker:
    """Worker that does one task at a time, with several reads and writes in parallel.

    Parameters
    ----------
    job : BackfillJob
    stopped : callable
        Whether to start nothing more. What remains is neither done nor reported.
    """

    def __init__(self, job: BackfillJob, stopped: Callable[[], bool] = lambda: False) -> None:
        self._job = job
        self._stopped = stopped
        self._s3 = sdk_client("s3")
        self._storage = Storage(self._s3, job)
        self._threads = ThreadPoolExecutor(THREADS)

    def do(self, task: BackfillTask) -> TaskOutcome:
        """Do a task, except for current copies."""
        if isinstance(task, Shard):
            return self._shard(task)
        make, _ = self._source(task)
        done = self._each(lambda original: self._object(task, original, make), task.originals)
        return TaskOutcome.of_all(done)

    def left(self, task: BackfillTask) -> tuple[ListedObject, ...]:
        """Return the originals of a task without a current copy, as far as it can be determined."""
        if isinstance(task, Shard):
            done = task.there and self._has(task.name, shards.etag(task.originals))
            return () if done else task.originals
        copied = self._each(
            lambda original: original.key in task.there and self._has(original.key, original.etag),
            task.originals,
        )
        return tuple(o for o, done in zip(task.originals, copied, strict=True) if not done)

    def _has(self, name: str, source_etag: str) -> bool:
        try:
            return self._storage.is_current(self._storage.look(name), source_etag)
        except Failed:  # doing the task reports it
            return False

    def _source(self, task: BackfillTask) -> tuple[_Make, RowSource | None]:
        """Return what makes the copy of an original, and the row group that has it, if one does."""
        if task.group is None:
            return partial(reading.make, self._s3, self._job), None
        from jitprep.backfill.tables import RowSource  # noqa: PLC0415  pyarrow is an extra

        source = RowSource(self._s3, self._job, task.group)
        return source.make, source

    def _object(self, task: Copies, original: ListedObject, make: _Make) -> TaskOutcome:
        if self._stopped():
            return TaskOutcome()
        key, etag = original.key, original.etag
        try:
            before = self._storage.look(key) if key in task.there else None
            if self._storage.is_current(before, etag):
                return TaskOutcome(already=1)
            copy = make(original)
            about = {
                "ContentType": copy.content_type,
                "CacheControl": copy.cache_control,
                "Metadata": storable(key, copy.metadata, len(copy.body)),
            }
            put = self._storage.put(key, copy.body, before, etag, about)
        except Exception as error:
            return TaskOutcome(failures=(Failure(key, reason_of(error)),))
        return TaskOutcome(done=1) if put else TaskOutcome(already=1)

    def _shard(self, task: Shard) -> TaskOutcome:
        etag, size = shards.etag(task.originals), len(task.originals)
        try:
            before = self._storage.look(task.name) if task.there else None
            if before and self._storage.is_current(before, etag):
                return _was_there(task, shards.left_out(before.metadata, task.originals))
            with TemporaryFile() as file:
                failed = self._fill(file, task)
                metadata = {
                    **shards.shard_metadata(self._job),
                    SOURCE_ETAG: etag,
                    **shards.left_out_metadata(failed),
                }
                about = {
                    "ContentType": CONTENT_TYPES[self._job.format],
                    "Metadata": storable(task.name, metadata, _length(file)),
                }
                put = self._storage.put(task.name, file, before, etag, about)
        except _Stopped:
            return TaskOutcome()
        except Exception as error:
            return TaskOutcome(failures=(Failure(task.name, reason_of(error), size),))
        copied = size - len(failed)
        failures = tuple(Failure(task.originals[n].key, reason) for n, reason in failed.items())
        return TaskOutcome(copied if put else 0, 0 if put else copied, failures)

    def _fill(self, file: IO[bytes], task: Shard) -> dict[int, str]:
        """Write a shard; return the positions of originals that are left out, with reasons.

        Raises
        ------
        Failed
            Where an original could not be read, and a retry may succeed.
        """
        failures = {}
        make, rows = self._source(task)
        columns = None if rows is None else rows.columns
        with closing(shard_writer(file, self._job, columns)) as writer:
            for position, made in enumerate(self._each(partial(self._made, make), task.originals)):
                original = task.originals[position]
                if isinstance(made, Copy):
                    writer.add(original, made)
                elif made.lasting:
                    failures[position] = made.reason
                else:
                    raise Failed(f"not written, because {original.key} failed: {made.reason}")
        if file.tell() > _ONE_WRITE:
            raise Failed(
                f"the shard has {file.tell()} bytes, and S3's limit is {_ONE_WRITE}; use more --shards"
            )
        return failures

    def _made(self, make: _Make, original: ListedObject) -> Copy | Failed:
        if self._stopped():
            raise _Stopped
        try:
            return make(original)
        except Exception as error:
            return error if isinstance(error, Failed) else Failed(reason_of(error))

    def _each(
        self, do: Callable[[ListedObject], _T], originals: Sequence[ListedObject]
    ) -> Iterator[_T]:
        """Call `do` for each original in the worker's threads; yield results in order."""
        waiting: deque[Future[_T]] = deque()
        try:
            for original in originals:
                waiting.append(self._threads.submit(do, original))
                if len(waiting) > _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _length(file: IO[bytes]) -> int:
    """Return the length of a file, and rewind it."""
    length = file.seek(0, SEEK_END)
    file.seek(0)
    return length


class _Stopped(Exception):
    """The worker was stopped while it made a shard."""


def _was_there(task: Shard, left_out: Sequence[ListedObject]) -> TaskOutcome:
    reason = f"could not be read when {task.name} was written; delete that shard to retry"
    failures = tuple(Failure(original.key, reason) for original in left_out)
    return TaskOutcome(already=len(task.originals) - len(failures), failures=failures)
