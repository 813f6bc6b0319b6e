"""Every client reads through ``jitprep serve`` what it reads through an access point."""

from __future__ import annotations

import pytest

from preprocessing import Pipeline

from .matrix import CALLS, FIXED, LARGE, Call, Gives
from .reading import expected_report
from .served import SHORT, ServerStage, per_served_object
from .stage import originals

FEW = originals("few")
PARTS = next(call for call in CALLS if call.name == "download_file_in_parts")


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.client}-{call.name}")
def test_a_client_reads_the_same_from_the_server(served, table, tmp_path, call):
    """From a folder, with as many requests as an access point is sent; and from a bucket."""
    mounts = {f"folder-{SHORT[pipeline]}": pipeline for pipeline in call.pipelines}
    jobs = [served.job(mount, "few") for mount in (*mounts, "bucket-fixed")]
    done, lines = served.run(call, jobs, tmp_path)
    assert done.reads == [expected_report(call, p, FEW) for p in (*mounts.values(), FIXED)], (
        done.error
    )
    for mount, pipeline in mounts.items():
        requests, transforms = per_served_object(lines, mount, list(FEW))
        invoked = table["invocations"][call.client][call.name][pipeline]
        assert requests["object"] == invoked.get("GET", 0) + invoked.get("HEAD", 0)
        assert requests["LIST"] == invoked.get("LIST", 0)
        assert transforms == expected_transforms(call, pipeline)


def expected_transforms(call: Call, pipeline: str) -> int:
    """Return how often each object is made: once for its bytes, however many requests read them."""
    if call.gives is Gives.SIZE_AS_LISTED:
        return 0
    return int(call.gives is not Gives.SIZE or Pipeline.parse(pipeline).output.nbytes is None)


@pytest.mark.parametrize("client", ["boto3", "pyarrow", "obstore"])
def test_virtual_hosts_are_mounts(served: ServerStage, tmp_path, client):
    call = Call(client, "virtual_host", "")
    done, lines = served.run(call, [served.job("folder-fixed", "few", **served.virtual)], tmp_path)
    assert done.reads == [expected_report(call, FIXED, FEW)], done.error
    assert {line.mount for line in lines} == {"folder-fixed"}


def test_an_anonymous_mount_needs_no_key(served, tmp_path):
    call = Call("boto3", "anonymous", "")
    done, _ = served.run(call, [served.job("open-fixed", "few")], tmp_path)
    assert done.reads == [expected_report(call, FIXED, FEW)], done.error


def test_other_mounts_need_a_key(served, tmp_path):
    call = Call("boto3", "anonymous", "")
    done, _ = served.run(call, [served.job("folder-fixed", "few")], tmp_path)
    assert done.reads is None
    assert "AccessDenied" in done.error


def test_each_worker_makes_an_object_at_most_once(served_by_two, tmp_path):
    """Its cache is its own, and a client's connections are shared among the workers."""
    done, lines = served_by_two.run(PARTS, [served_by_two.job("folder-large", "few")], tmp_path)
    assert done.reads == [expected_report(PARTS, LARGE, FEW)], done.error
    assert all(sum(line.transformed for line in lines if line.key == key) in {1, 2} for key in FEW)
