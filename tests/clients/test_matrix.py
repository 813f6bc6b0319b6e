"""Every client reads the library's bytes, with the documented number of invocations."""

from __future__ import annotations

import pytest

from .invocations import per_object
from .matrix import CALLS, LARGE
from .reading import expected_report
from .stage import originals


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.client}-{call.name}")
def test_a_client_reads_what_the_library_makes(stage, table, tmp_path, call):
    reads = [(pipeline, "few" if pipeline == LARGE else "all") for pipeline in call.pipelines]
    done, invocations = stage.run(call, reads, tmp_path)
    assert done.reads == [expected_report(call, p, originals(folder)) for p, folder in reads], (
        done.error
    )
    costs = {p: per_object(invocations, p, originals(folder)) for p, folder in reads}
    known = table["invocations"].setdefault(call.client, {}).setdefault(call.name, costs)
    assert costs == known, "update the table with `make clients-table`"
    assert done.version == table["versions"].setdefault(call.client, done.version)
