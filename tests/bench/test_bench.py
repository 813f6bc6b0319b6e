"""The judgement and the reference of the benchmark; no test depends on a timing."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bench
from bench.cases import PIPELINES
from bench.figures import ARTICLE, EXACT, FLOOR, OURS, REASONS, Figure, judge
from bench.peers.base import MEAN, STD, as_npy, centred, reduction, shorter_to
from bench.reference import dense, psnr
from bench.report import page, readme
from preprocessing import CenterCrop, ImageSpec, Resize
from preprocessing.kernels.image.geometry.taps import Axis
from preprocessing.planner.stages import CropStage
from tests.preprocessing.support.reference import weights

ROOT = Path(__file__).parent.parent.parent
CASES = {"P1 500": "p1", "P2 500": "p2", "P2 4 MP": "p2", "P4 12 MP": "p4"}


def made_up(**peers: float) -> dict[str, Any]:
    """Return a result in which jitprep takes 1 ms for everything, and others the given times."""
    described = {
        name: {"about": "", "role": "peer", "antialiased": name != "aliased", "packages": []}
        for name in (*peers, ARTICLE)
    }
    for name, role in ((OURS, "ours"), (EXACT, "ours"), (FLOOR, "aside")):
        described[name] = {"about": "", "role": role, "antialiased": True, "packages": []}
    times = {OURS: 1.0, EXACT: 2.0, FLOOR: 0.5, ARTICLE: 18.0, **peers}
    row = {name: {"ms": ms, "psnr_db": 60.0} for name, ms in times.items()}
    return {
        "made": {
            "date": "2026-01-01",
            "commit": "0",
            "command": "make bench",
            "machine": {"processor": "one", "cores": 2, "system": "Linux"},
            "python": "3.11",
            "openblas": {"version": "0", "architecture": "Zen"},
            "versions": {},
            "rounds": 1,
            "crops": 16,
            "batch": 64,
        },
        "peers": described,
        "missing": {"gone": "no such module"},
        "pipelines": dict(CASES),
        "cases": {case: dict(row) for case in CASES},
        "threads": {
            case: {OURS: {"one_ms": 1.0, "two_ms": 0.5, "scaling": 2.0}}
            for case in ("P2 500", "P2 4 MP")
        },
        "startup": {
            "numpy + simplejpeg, imported": {"ms": 50.0, "heavy": []},
            OURS: {"ms": 60.0, "heavy": ["scipy"]},
        },
        "memory": {"peaks": {OURS: 60_000_000}, "scaled_decode": 2_000_000},
        "accuracy": {},
    }


def figure(result: dict[str, Any], what: str) -> Figure:
    (found,) = (figure for figure in judge(result) if figure.what == what)
    return found


@pytest.mark.parametrize(
    ("others", "reached"),
    [
        ({"even": 0.96}, True),
        ({"fast": 0.94}, False),
        ({"even": 1.0, "aliased": 0.5}, True),
    ],
)
def test_a_peer_is_ahead_by_more_than_a_tie(others: dict[str, float], reached: bool) -> None:
    assert figure(made_up(**others), "P2 500: no antialiased peer ahead").reached is reached


@pytest.mark.parametrize(
    ("what", "measured", "reached"),
    [
        ("P2 500: to the decode alone", "2", False),
        ("P2 500: faster than the article's code", "18", True),
        ("exact, float32, against torchvision", "not measured", None),
        ("default, the worst case, against float64", "60 dB", True),
        ("first P2 result in a new process, to importing numpy and the decoder", "1.2", True),
        ("loaded by then of scipy, skimage, boto3", "scipy", False),
        ("P2 500 by two Python threads", "2x", True),
        ("P4's peak memory above the scaled decode", "58 MB", False),
    ],
)
def test_every_target_is_judged(what: str, measured: str, reached: bool | None) -> None:
    found = figure(made_up(), what)
    assert (found.measured, found.reached) == (measured, reached)


def test_reasons_are_of_figures_and_shown_where_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    result = made_up()
    result["cases"] |= dict.fromkeys(("P2 1 MP", "P3 500", "P5 batch"), result["cases"]["P1 500"])
    assert REASONS.keys() <= {figure.what for figure in judge(result)}
    what = "P2 500: to the decode alone"
    monkeypatch.setitem(REASONS, what, "it is half the work")
    assert figure(result, what).verdict == "**missed**: it is half the work"
    assert figure(made_up(), "P2 500 by two Python threads").verdict == "reached"


def test_the_page_has_all_that_was_measured() -> None:
    text = page(made_up(fast=0.5, aliased=0.25))
    ranked, apart = text.split("## Not antialiased")
    assert "| fast " in ranked
    assert "missing: gone (no such module)" in ranked
    assert "| aliased " not in ranked
    assert "| aliased " in apart.split("##")[0]
    assert "**0.50** (60)" in ranked
    assert all(PIPELINES[key] in ranked for key in CASES.values())


@pytest.mark.parametrize(("n_in", "n_out"), [(375, 256), (500, 224), (97, 224), (4000, 298)])
def test_two_references_agree(n_in: int, n_out: int) -> None:
    axis = Axis(n_in, n_out, 0.0, float(n_in), 0, n_out, "bilinear", antialias=True)
    np.testing.assert_allclose(dense(n_in, n_out), weights(axis), atol=1e-12)


def test_peers_are_helped_to_what_numpy_would_write() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (224, 224, 3), np.uint8)
    written = np.load(BytesIO(as_npy(pixels)))
    wanted = ((pixels / 255 - MEAN) / STD).transpose(2, 0, 1)
    np.testing.assert_allclose(written, wanted, atol=1e-6)
    plain = BytesIO()
    np.save(plain, written)
    assert plain.getvalue() == as_npy(pixels)


@pytest.mark.parametrize("held", [(375, 500), (500, 375), (864, 1152), (1001, 1003)])
def test_peers_are_asked_for_our_geometry(held: tuple[int, int]) -> None:
    spec = ImageSpec(*held, 3, "uint8")
    resized = Resize(256).infer(spec)
    assert shorter_to(256, *held) == (resized.height, resized.width)
    top, left = centred(*shorter_to(256, *held))
    assert CenterCrop(224).lower(resized) == (CropStage(top, left, 224, 224),)


@pytest.mark.parametrize(
    ("held", "factor"), [((3000, 4000), 4), ((447, 600), 1), ((896, 2000), 2), ((9000, 9000), 8)]
)
def test_a_reduced_decode_keeps_twice_the_size(held: tuple[int, int], factor: int) -> None:
    assert reduction(held, (224, 224)) == factor


def test_psnr_of_one_level_is_known() -> None:
    assert psnr([np.ones((2, 2)), -np.ones((3, 3))]) == pytest.approx(48.13, abs=0.01)


def test_files_can_be_read_in_one_sitting() -> None:
    for path in Path(bench.__file__).parent.rglob("*.py"):
        assert len(path.read_text().splitlines()) <= 300, path


def test_the_readme_shows_the_committed_result() -> None:
    """`python -m bench --render` writes both."""
    result = json.loads((ROOT / "docs/benchmarks.json").read_text())
    text = (ROOT / "README.md").read_text()
    assert readme(text, result) == text
    assert (ROOT / "docs/benchmarks.md").read_text() == page(result) + "\n"
