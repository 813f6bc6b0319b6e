"""Whatever the pipeline and the size, the work holds what its plan says, and no more than the limit.

A sample of it; ``make peaks`` tries 2,000 pipelines, and PEAKS says another number.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

COUNT = int(os.environ.get("PEAKS", "60"))
# In parts, so that pytest's workers share them.
PARTS = 2


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux tells the peak")
@pytest.mark.parametrize("part", range(PARTS))
def test_random_pipelines_over_hostile_sizes(part: int) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "tests.preprocessing.support.peaks"]
    done = subprocess.run(
        [*command, str(COUNT // PARTS), str(part)],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found = json.loads(done.stdout)
    assert (found["above"], found["late"]) == ([], [])
    # Not all is refused, and some is; anything but a refusal would have ended the process. Of few
    # pipelines perhaps none exceeds its limit: Hypothesis also draws constants that the code has.
    assert set(found["outcomes"]) <= {
        "accepted", "LimitExceeded", "IncompatibleSource", "SpecError", "given up",
    }  # fmt: skip
    assert found["outcomes"]["accepted"] >= COUNT // PARTS // 4
    assert found["outcomes"].get("LimitExceeded", 0) >= COUNT // PARTS // 100
