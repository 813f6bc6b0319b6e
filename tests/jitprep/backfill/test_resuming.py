"""After any history, a run makes exactly the copies that are missing or outdated."""

from __future__ import annotations

import io
import itertools
import json
import tarfile
from collections.abc import Iterator, Mapping

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jitprep.backfill import shards
from jitprep.backfill.job import BackfillJob
from jitprep.backfill.outcome import TaskOutcome
from jitprep.backfill.planning.plan import plan_tasks
from jitprep.backfill.tasks import BackfillTask, Shard
from jitprep.backfill.worker import TaskWorker

from .stage import Stage, small_photos

PHOTOS = [body for _, body in small_photos(6)]
SPECS = ["resize:4,4/npy", "random_crop:4/npy"]
KEYS = [f"train/{name}.jpg" for name in "abcd"]
NEVER = 100
_numbers = itertools.count(1000)

put = st.tuples(st.just("put"), st.sampled_from(KEYS), st.sampled_from(PHOTOS))
delete = st.tuples(st.just("delete"), st.sampled_from(KEYS[1:]))
# A run of a pipeline with a seed, stopped after a number of originals was started.
run = st.tuples(
    st.just("run"), st.sampled_from(SPECS), st.integers(0, 1), st.integers(0, 5) | st.just(NEVER)
)
histories = st.lists(st.one_of(put, delete, run), max_size=6)
few = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Checked:
    """Stage that compares every run with a model of what it should do."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self._made: dict[str, object] = {}

    def replay(self, history, form) -> None:
        self.stage.put(KEYS[0], PHOTOS[0])
        for event in history:
            match event:
                case ("put", key, body):
                    self.stage.put(key, body)
                case ("delete", key):
                    self.stage.s3.delete_object(Bucket=self.stage.source, Key=key)
                case ("run", spec, seed, most):
                    self.run(self.stage.job(spec, seed=seed, format=form), most)

    def run(self, job: BackfillJob, most: int) -> TaskOutcome:
        """Run a job. Each copy that is missing or outdated is written once, and no other one."""
        tasks = list(plan_tasks(self.stage.s3, job, None if job.format == "objects" else 2))
        drawn = job.seed if job.pipeline.random else None
        wanted = {
            name: (etag, job.pipeline.fingerprint, drawn) for name, etag in sources(tasks).items()
        }
        begun, before = itertools.count(), self.stage.versions()
        worker = TaskWorker(job, lambda: next(begun) >= most)
        outcome = TaskOutcome.of_all(worker.do(task) for task in tasks)
        after = self.stage.versions()
        for name, identity in wanted.items():
            key = job.target.prefix + name
            times = after.get(key, 0) - before.get(key, 0)
            stale = self._made.get(name) != identity
            assert times == stale if most == NEVER else times <= stale
            if times:
                self._made[name] = identity
        assert outcome.failures == ()
        return outcome


def sources(tasks: list[BackfillTask]) -> Mapping[str, str]:
    """Return the sources of each copy or shard."""
    return {
        name: etag
        for task in tasks
        for name, etag in (
            [(task.name, shards.etag(task.originals))]
            if isinstance(task, Shard)
            else [(original.key, original.etag) for original in task.originals]
        )
    }


@few
@given(histories, st.sampled_from(SPECS))
def test_objects(stage, history, spec):
    checked = Checked(Stage(stage.s3, next(_numbers)))
    checked.replay(history, "objects")
    job = checked.stage.job(spec)
    first = checked.run(job, NEVER)
    keys = {entry["Key"] for entry in listed(checked.stage, checked.stage.source)}
    assert first.done + first.already == len(keys)
    assert {job.target.prefix + key for key in keys} <= checked.stage.versions().keys()
    assert checked.run(job, NEVER) == TaskOutcome(already=len(keys))


@few
@given(histories, st.sampled_from(SPECS))
def test_shards(stage, history, spec):
    checked = Checked(Stage(stage.s3, next(_numbers)))
    checked.replay(history, "tar")
    job = checked.stage.job(spec, format="tar")
    checked.run(job, NEVER)
    keys = sorted(entry["Key"] for entry in listed(checked.stage, checked.stage.source))
    assert sorted(samples(checked.stage)) == keys
    assert checked.run(job, NEVER) == TaskOutcome(already=len(keys))


def listed(stage: Stage, bucket: str) -> list[dict[str, str]]:
    return stage.s3.list_objects_v2(Bucket=bucket).get("Contents", [])


def samples(stage: Stage) -> Iterator[str]:
    for entry in listed(stage, stage.target):
        with tarfile.open(fileobj=io.BytesIO(stage.read(entry["Key"])["Body"])) as tar:
            for name in tar.getnames():
                if name.endswith(".json"):
                    yield json.loads(tar.extractfile(name).read())["key"]
