"""Every client reads through the access points what the library makes, and costs what we say."""

from __future__ import annotations

import pytest

from .invocations import per_object
from .matrix import CALLS, LARGE
from .reading import should_tell
from .stage import originals

CELLS = [(call, pipeline) for call in CALLS for pipeline in call.pipelines]


@pytest.mark.parametrize(
    ("call", "pipeline"), CELLS, ids=[f"{c.client}-{c.name}-{p}" for c, p in CELLS]
)
def test_a_client_reads_what_the_library_makes(stage, table, tmp_path, call, pipeline):
    folder = "few" if pipeline == LARGE else "all"
    done, invocations = stage.run(call, pipeline, folder, tmp_path)
    assert done.read == should_tell(call, pipeline, originals(folder)), done.error
    cost = per_object(invocations, tuple(originals(folder)))
    costs = table["invocations"].setdefault(call.client, {}).setdefault(call.name, {})
    assert cost == costs.setdefault(pipeline, cost), "`make clients-table` writes the table anew"
    assert done.version == table["versions"].setdefault(call.client, done.version)
