"""A damaged photograph ends in the library's bytes or in a documented error."""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from preprocessing import Pipeline
from soak import mutants
from soak.load.reads import digest

SPEC = "resize:32/npy"
DOCUMENTED = re.findall(
    r"^\| `(\w+)` \| 400 ", (Path(__file__).parents[2] / "docs/errors.md").read_text(), re.MULTILINE
)


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    name=st.sampled_from(sorted(mutants.files())),
    damage=st.sampled_from(sorted(mutants.DAMAGES)),
    seed=st.integers(0, 2**32),
)
def test_damage_ends_in_the_librarys_bytes_or_a_documented_error(
    s3, invoke, capfd, name, damage, seed
):
    s3.answer.body = mutants.DAMAGES[damage](Random(seed), mutants.files()[name])
    written = invoke(s3.event(json.dumps({"spec": SPEC})))
    wanted = mutants.outcome(Pipeline.parse(SPEC), s3.answer.body)
    if wanted.code is None:
        assert (written.status, digest(written.body)) == (200, wanted.sha256)
    else:
        assert (written.status, written.code) == (400, wanted.code)
        assert written.code in DOCUMENTED
    capfd.readouterr()  # libtiff speaks its mind on standard error
