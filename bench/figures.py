"""Targets, the figures of a result, and the reason for each missed target.

Every figure is a ratio within one result, because ratios depend less on the machine than times do.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Result = dict[str, Any]

OURS = "jitprep"
EXACT = "jitprep exact"
FLOOR = "decode alone (floor)"
ARTICLE = "scikit-image (the article's)"
TIE = 1.05  # differences under 5% are ties
MEGABYTE = 1e6

# Why a target is missed, by the figure's `what`. Shown only if it is missed.
_BY_HAND = "cykooz is hand-written 8-bit SIMD"
_RESAMPLING = "the rest is the products of the resampling, and 0.1 ms of Python"
REASONS: dict[str, str] = {
    "P1 500: no antialiased peer ahead": _BY_HAND,
    "P2 500: no antialiased peer ahead": _BY_HAND,
    "P2 1 MP: no antialiased peer ahead": _BY_HAND,
    "P2 4 MP: no antialiased peer ahead": f"the decode is the same for both; {_BY_HAND}",
    "P3 500: no antialiased peer ahead": (
        f"OpenCV's area filter, at 47 dB, has little to do where a crop hardly shrinks; {_BY_HAND}"
    ),
    "P4 12 MP: no antialiased peer ahead": f"the decode is the same for both; {_BY_HAND}",
    "P5 batch: no antialiased peer ahead": f"no decode hides the resampling; {_BY_HAND}",
    "P1 500: to the decode alone": _RESAMPLING,
    "P2 500: to the decode alone": _RESAMPLING,
    "P2 4 MP: to the decode alone": _RESAMPLING,
    "P4 12 MP: to the decode alone": _RESAMPLING,
    "P1 500: faster than the article's code": _RESAMPLING,
    "P2 500: faster than the article's code": _RESAMPLING,
    "P2 500 by two Python threads": (
        "each call of NumPy releases Python's lock and waits to get it back, a dozen times per "
        "photograph; two processes were twice as fast as one"
    ),
    "P2 4 MP by two Python threads": (
        "as for small photographs, we think; the decode alone, one call, is not held up"
    ),
}


@dataclass(frozen=True)
class Figure:
    """One figure and its target.

    Parameters
    ----------
    what, target, measured : str
    reached : bool or None
        None if the result does not contain it.
    """

    what: str
    target: str
    measured: str
    reached: bool | None

    @property
    def verdict(self) -> str:
        """Return a sentence: reached, or missed and why."""
        if self.reached is None:
            return "not measured"
        if self.reached:
            return "reached"
        reason = REASONS.get(self.what)
        return f"**missed**: {reason}" if reason else "**missed**"


def judge(result: Result) -> list[Figure]:
    """Compare a result with every target."""
    return [*_peers(result), *_ratios(result), *_accuracy(result), *_rest(result)]


def contenders(result: Result, case: str) -> dict[str, float]:
    """Return the time of the antialiased peers in a case, in ms."""
    described = result["peers"]
    return {
        name: row["ms"]
        for name, row in result["cases"].get(case, {}).items()
        if described[name]["role"] == "peer" and described[name]["antialiased"]
    }


def _peers(result: Result) -> Iterator[Figure]:
    for case, rows in result["cases"].items():
        if case in ("P1 PNG", "P1 JPEG"):
            continue
        theirs = contenders(result, case)
        best = min(theirs, key=lambda name: theirs[name])
        ratio = theirs[best] / rows[OURS]["ms"]
        word = "slower" if ratio >= TIE else "a tie" if ratio >= 1 / TIE else "AHEAD"
        measured = f"the best, {best}: {ratio:.2f} of our time ({word})"
        yield Figure(
            f"{case}: no antialiased peer ahead", f"≥ {1 / TIE:.2f}", measured, ratio >= 1 / TIE
        )


def _ratios(result: Result) -> Iterator[Figure]:
    cases = result["cases"]
    floors = {"P1 500": 1.35, "P2 500": 1.6, "P2 4 MP": 1.2, "P4 12 MP": 1.1}
    for case, most in floors.items():
        yield _at_most(f"{case}: to the decode alone", most, partial(_times, cases, case, FLOOR))
    articles = {"P1 500": 5, "P2 500": 18, "P4 12 MP": 60}
    for case, least in articles.items():
        yield _at_least(
            f"{case}: faster than the article's code",
            least,
            partial(_times_faster, cases, case, ARTICLE),
        )


def _times(cases: dict[str, Any], case: str, other: str) -> float:
    return _to(cases[case], other)


def _times_faster(cases: dict[str, Any], case: str, other: str) -> float:
    return 1 / _times(cases, case, other)


def _to(rows: dict[str, Any], other: str) -> float:
    ratio: float = rows[OURS]["ms"] / rows[other]["ms"]
    return ratio


def _accuracy(result: Result) -> Iterator[Figure]:
    found = result["accuracy"]
    yield _at_least(
        "exact, float32, against torchvision", 100, lambda: found["float32_psnr_db"], " dB"
    )
    yield _at_most("exact, uint8, against torchvision", 1, lambda: found["uint8_levels"], " levels")
    # The losses of JPEG encoding do not count; the other encodings are lossless.
    cases = [rows for case, rows in result["cases"].items() if case != "P1 JPEG"]
    worst = lambda: min(rows[OURS]["psnr_db"] for rows in cases)  # noqa: E731
    yield _at_least("default, the worst case, against float64", 51, worst, " dB")


def _rest(result: Result) -> Iterator[Figure]:
    start, memory = result["startup"], result["memory"]
    yield _at_most(
        "first P2 result in a new process, to importing numpy and the decoder",
        1.3,
        lambda: start[OURS]["ms"] / start["numpy + simplejpeg, imported"]["ms"],
    )
    heavy = start.get(OURS, {}).get("heavy")
    yield Figure(
        "loaded by then of scipy, skimage, boto3",
        "nothing",
        "not measured" if heavy is None else ", ".join(heavy) or "nothing",
        None if heavy is None else not heavy,
    )
    for case, rows in result["threads"].items():
        scaling = rows[OURS]["scaling"]
        yield _at_least(f"{case} by two Python threads", 1.85, partial(float, scaling), "x")
    yield _at_most(
        "P4's peak memory above the scaled decode",
        48,
        lambda: (memory["peaks"][OURS] - memory["scaled_decode"]) / MEGABYTE,
        " MB",
    )


def _at_most(what: str, most: float, value: Callable[[], float], unit: str = "") -> Figure:
    return _bound(what, f"≤ {most:g}{unit}", value, lambda found: found <= most, unit)


def _at_least(what: str, least: float, value: Callable[[], float], unit: str = "") -> Figure:
    return _bound(what, f"≥ {least:g}{unit}", value, lambda found: found >= least, unit)


def _bound(
    what: str, target: str, value: Callable[[], float], reached: Callable[[float], bool], unit: str
) -> Figure:
    try:
        found = value()
    except KeyError:  # a peer is missing, or the system cannot measure it
        return Figure(what, target, "not measured", None)
    return Figure(what, target, f"{found:.3g}{unit}", reached(found))
