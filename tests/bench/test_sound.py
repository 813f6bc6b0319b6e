"""The cases and the judgement of the audio benchmark; no test depends on a timing."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bench.kinds.sound import CASES, DATA, FIRST, OURS, distance, ours, table, verdicts, voice


def made_up(**peers: float) -> dict:
    measured = {name: {"ms": ms, "ratio": ms} for name, ms in {OURS: 1.0, **peers}.items()}
    return {"cases": {FIRST: measured}}


@pytest.mark.parametrize(
    ("torchaudio", "librosa", "words"),
    [(1.0, 3.0, ("reached", "reached")), (0.99, 2.99, ("missed", "missed"))],
)
def test_the_targets_are_judged(torchaudio, librosa, words):
    found = verdicts(made_up(torchaudio=torchaudio, librosa=librosa))
    assert tuple(line.rpartition(" ")[2] for line in found) == words


def test_the_table_has_a_dash_for_who_has_no_way():
    assert "| 1.00 (1.00×) | 2.00 (2.00×) | –" in table(made_up(torchaudio=2.0))


@pytest.mark.parametrize("case", CASES)
def test_every_case_is_a_pipeline_of_half_a_minute(case):
    rate, tolerance = CASES[case]
    sound = voice(rate)
    assert sound.shape == (1, 30 * rate)
    result = ours(case, rate)(sound)
    assert distance(result, result) == 0.0
    assert distance(result + 2 * tolerance * np.ptp(result), result) > tolerance


def test_what_is_kept_is_of_these_cases():
    kept = json.loads(DATA.read_text(encoding="utf-8"))
    assert list(kept["cases"]) == list(CASES)
    for case, measured in kept["cases"].items():
        assert measured[OURS]["ratio"] == 1.0
        assert all(peer["apart"] <= CASES[case][1] for peer in measured.values())
