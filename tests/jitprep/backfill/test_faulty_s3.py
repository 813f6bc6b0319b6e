"""An S3 with late, broken or forged responses: no copy is wrong, and none is written twice."""

from __future__ import annotations

import pytest
from botocore.retries.standard import ExponentialBackoff

from jitprep.backfill.outcome import TaskOutcome
from jitprep.backfill.planning.plan import plan_tasks
from jitprep.backfill.worker import TaskWorker
from soak.faults import Fault
from soak.stage import faulty_s3

from .stage import Stage, environment

# Two of five responses are faulty. Responses that are only late are left to the soak test.
FAULTS = {Fault.RESET: 0.1, Fault.TRUNCATED: 0.1, Fault.FORGED: 0.1, Fault.BUSY: 0.1}


@pytest.mark.parametrize("form", ["objects", "tar"])
def test_the_next_run_repairs_what_failed(monkeypatch, form):
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0.01)  # or it waits seconds
    with faulty_s3() as s3:
        for name, value in environment(s3.url).items():
            monkeypatch.setenv(name, value)
        stage = Stage(s3.store.client(), 0)
        photos = stage.fill(40)
        job = stage.job(format=form)
        number = None if form == "objects" else 6
        worker = TaskWorker(job)
        s3.fail(FAULTS, 1)
        told = [  # the second finds copies there, and must check them
            TaskOutcome.of_all(map(worker.do, plan_tasks(stage.s3, job, number))) for _ in range(2)
        ]
        done = s3.done()
        s3.behave()
        assert all(done.get(fault, 0) > 0 for fault in FAULTS)
        assert [outcome.objects for outcome in told] == [40, 40]
        last = stage.run(job)
        assert (last.done + last.already, last.failures) == (40, ())
        assert set(stage.versions().values()) == {1}
        if form == "objects":
            for key, body in photos.items():
                assert stage.read(f"small/{key}")["Body"] == job.pipeline.encode(body).body
