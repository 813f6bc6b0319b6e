"""The field, measured side by side: ``make bench``, or ``python -m bench`` in its environment.

To follow a run through the files, read `__main__`; then `environment`, which makes conditions equal;
`photos` and `cases`, what is done to which images; `peers`, who does it; `field`, where each answer is
checked against `reference` and timed by `timing`; `threads`, `startup`, `memory` and `accuracy`, which
measure the rest; `figures`, which judges the result; `report` and `plot`, which show it.
"""
