"""Values that a step takes, found by making it: examples, and the ends of sliders.

A step's own checks decide, so that nothing is written down twice. Where they allow more than is useful,
such as a size of 65,535, a slider ends earlier; any value can still be typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields
from itertools import islice, product
from math import isfinite
from typing import Any, Literal, get_args, get_origin

from preprocessing import PreprocessingError
from preprocessing.frozen import frozen
from preprocessing.spec.coerce import options
from preprocessing.spec.step import StepBase, hints, required

_TRIES = 300
# Numbers to try, from 0 on. Some steps take odd numbers only.
_INTS = (0, 1, 3, 5, 7, 15, 31, 63, 127, 255, 511, 1023)
_FLOATS = (
    *(0.0, 0.001, 0.01, 0.05, 0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 10.0, 20.0, 30.0, 40.0),
    *(50.0, 60.0, 70.0, 80.0, 90.0, 100.0, 180.0, 255.0, 360.0, 1000.0),
)
_BEGINNINGS = (1, 5, 0, 16, 0.5, 0.01, 100, -1)
_UNBOUNDED = 1e9
# Numbers that many steps take: as factors, as degrees, and as a sample.
_FACTOR, _TURN, _HALF_TURN, _SAMPLE = 1.5, 20.0, 180.0, 255.0
Takes = Callable[[Any], bool]
_QUOTED = re.compile(r"`([\w.-]+)`")


@frozen
class Ends:
    """The ends of a slider; None where an argument has no numbers."""

    least: float | None = None
    most: float | None = None


class StepProbe:
    """A step that is made again and again, to learn what it takes.

    Parameters
    ----------
    step : type of StepBase
    known : mapping
        Arguments that are known to be right, such as those of a preset.
    about : mapping of str to str
        What is said of each argument. A name may be quoted there.
    """

    def __init__(
        self, step: type[StepBase], known: Mapping[str, Any], about: Mapping[str, str]
    ) -> None:
        self._step = step
        candidates = [
            [known[key]] if key in known else [*_candidates(hints(step)[key], about.get(key, ""))]
            for key in required(step)
        ]
        self._base: dict[str, Any] | None = None
        for values in islice(product(*candidates), _TRIES):
            if self._makes(dict(zip(required(step), values, strict=True))):
                self._base = dict(zip(required(step), values, strict=True))
                break

    def example(self, key: str) -> Any:
        """Return a right value of a required argument; None where none was found."""
        if self._base is None or key not in self._base:
            return None
        value = self._base[key]
        if value != _FACTOR or not self._takes(key, _TURN):
            return value
        return _TURN if self._takes(key, -_TURN) or _is_list(hints(self._step)[key]) else value

    def ends(self, key: str) -> Ends:
        """Return how far a slider goes."""
        hint = hints(self._step)[key]
        kind = next((one for one in options(hint) if one in (int, float)), None)
        count = 1
        if kind is None:
            kind, count = _numbers_in(hint)
        if kind is None or self._base is None:
            return Ends()

        def takes(number: float) -> bool:
            return self._takes(key, number if count == 1 else (number,) * count)

        usual, factor = self._usual(key)
        beginnings = [
            kind(number) for number in (usual or 0, *_BEGINNINGS) if number == kind(number)
        ]
        start = next((number for number in beginnings if takes(number)), None)
        if start is None:
            return Ends()
        if kind is int:
            far = max(_INTS[-1] + 1, 4 * int(usual or 0))
            return Ends(_last_whole(takes, start, -100), _last_whole(takes, start, far))
        least, most = _last_of(takes, start, -1), _last_of(takes, start, 1)
        return Ends(least, most) if most < _FLOATS[-1] else _useful(takes, least, usual, factor)

    def _usual(self, key: str) -> tuple[float | None, int]:
        """Return a number that is often given, if any, and how many times it is useful."""
        default = _default(self._step, key)
        value, factor = (default, 4) if default is not MISSING else (self.example(key), 2)
        if isinstance(value, tuple):
            value = max(map(abs, value)) if value else 0
        is_number = isinstance(value, int | float) and isfinite(value)
        return (float(value) if is_number else None), factor

    def _takes(self, key: str, value: Any) -> bool:
        return self._makes({**(self._base or {}), key: value})

    def _makes(self, arguments: Mapping[str, Any]) -> bool:
        try:
            self._step(**arguments)
        except PreprocessingError:
            return False
        return True


def _candidates(hint: Any, about: str) -> Iterator[Any]:
    several = _is_list(hint)
    for one in options(hint):
        if get_origin(one) is Literal:
            yield from get_args(one)
        elif one is int:
            yield from ((224, 5, 4, 1) if several else (16, 4, 1, 0))
        elif one is float:
            yield from (_FACTOR, 0.5, 1.0, 0.0)
        elif one is bool:
            yield False
        elif one is str:
            yield from (*_QUOTED.findall(about), "text")
    kind, count = _numbers_in(hint)
    if kind is not None:
        yield from ((number,) * count for number in ((0, 1) if kind is int else (0.5, 0.0, 1.0)))


def _is_list(hint: Any) -> bool:
    return any(get_origin(one) is tuple for one in options(hint))


def _numbers_in(hint: Any) -> tuple[type | None, int]:
    """Return the type and the count of a tuple of numbers; None where a hint has none."""
    for one in options(hint):
        inner = get_args(one) if get_origin(one) is tuple else ()
        if inner and inner[-1] is not Ellipsis and inner[0] in (int, float):
            return inner[0], len(inner)
    return None, 1


def _last_of(takes: Takes, start: float, sign: int) -> float:
    """Return the last of the numbers to try that is taken, from `start` on."""
    tried = sorted({start, *_FLOATS, *(-number for number in _FLOATS)})
    outward = [number for number in tried[::sign] if sign * number >= sign * start]
    good, bad = 0, len(outward)
    while bad - good > 1:
        middle = (good + bad) // 2
        good, bad = (middle, bad) if takes(outward[middle]) else (good, middle)
    return outward[good]


def _last_whole(takes: Takes, start: int, end: int) -> int:
    """Return the last whole number that is taken, from `start` to `end`. It may have to be odd."""
    sign, good = (1 if end > start else -1), start
    for number in (*(sign * number for number in _INTS), end):
        if sign * number <= sign * good:
            continue
        if takes(number):
            good = number
        elif not takes(number - sign):
            end = number
            break
    while abs(end - good) > 1:
        middle = (good + end) // 2
        fits = takes(middle) or takes(middle - sign)
        good, end = (middle, end) if fits else (good, middle)
    return good if takes(good) else good - sign


def _useful(takes: Takes, least: float, usual: float | None, factor: int) -> Ends:
    """Return nearer ends, where very large numbers are taken."""
    if takes(_UNBOUNDED):  # samples, seconds or pixels
        return Ends(max(least, 0.0), min(factor * abs(usual or _SAMPLE), _SAMPLE))
    if usual and usual != _TURN:  # a factor, or a strength
        reach = factor * abs(usual)
        return Ends(max(least, -reach), reach)
    if usual == 0.0 and least == 0.0:
        return Ends(0.0, 4.0)
    return Ends(max(least, -_HALF_TURN), _HALF_TURN)


def _default(step: type[StepBase], key: str) -> Any:
    kind: type[Any] = step
    return next(field.default for field in fields(kind) if field.name == key)
