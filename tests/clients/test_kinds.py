"""Every client reads sound, text and video through the access points."""

from __future__ import annotations

import pytest

from preprocessing import Pipeline
from tests.media import PIPELINES, of_kind

from .matrix import CALLS, Gives
from .reading import expected_report


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.client}-{call.name}")
def test_a_client_reads_every_kind(stage, tmp_path, call):
    narrow = call.gives in {Gives.ARRAY, Gives.BODY_AS_LISTED}
    reads = [
        (spec, name.partition("-")[0])
        for name, spec in PIPELINES.items()
        if not narrow or Pipeline.parse(spec).output.nbytes is not None
    ]
    done, _ = stage.run(call, reads, tmp_path)
    assert done.reads == [expected_report(call, spec, of_kind(kind)) for spec, kind in reads], (
        done.error
    )
