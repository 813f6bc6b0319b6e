"""Every client reads transformed shards through an access point, and through a server."""

from __future__ import annotations

import pytest

from .matrix import CALLS, Gives
from .reading import expected_report
from .stage import SHARDS, originals

PIPELINE = "tar/resize:64/center_crop:48/npy"
READS = [call for call in CALLS if call.gives in {Gives.BODY, Gives.SIZE}]


# obstore takes no answer of unknown length, which a shard's is; it reads one in ranges.
WITHOUT_LENGTH = ("obstore", "get")


@pytest.mark.parametrize("call", READS, ids=lambda call: f"{call.client}-{call.name}")
def test_a_client_reads_shards(stage, tmp_path, call):
    done, _ = stage.run(call, [(PIPELINE, SHARDS)], tmp_path)
    if (call.client, call.name) == WITHOUT_LENGTH:
        assert "Content-Length Header missing" in done.error
        return
    assert done.reads == [expected_report(call, PIPELINE, originals(SHARDS))], done.error
