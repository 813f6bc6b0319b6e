"""The planner's rules: each turns a physical plan into a cheaper one with the same result.

"The same" means within the tolerance that the rule states. A rule is a function from a draft to a
cheaper draft, or to None if the rule does not apply. The rules are tried until none applies.
"""

from preprocessing.planner.rewrites.arithmetic import (
    affine_into_resample,
    cast_into_affine,
    merge_tables,
    single_precision,
)
from preprocessing.planner.rewrites.base import Draft, Rule
from preprocessing.planner.rewrites.decoding import (
    MARGIN,
    luma_decode,
    scaled_decode,
    scaled_decode_420,
)
from preprocessing.planner.rewrites.moves import (
    cancel_mirrors,
    crop_into_resample,
    merge_windows,
    mirror_into_resample,
    move_before_pointwise,
    window_before_mirror,
    window_into_border,
)

# PSNR against the plan without the rewrite. First the bound for any picture, derived in
# docs/decisions/decoding.md; then the value for photographs, which the tests measure.
_SCALED = f"50 dB on photographs; decoded at {MARGIN}× the target or more"
_SCALED_TOLERANCE = f"at least 23 dB; {_SCALED}"
_SCALED_420_TOLERANCE = f"at least 14 dB, if fine patterns of saturated colours clip; {_SCALED}"
_LUMA_TOLERANCE = (
    "at least 18 dB, if RGB clips saturated colours; 55 dB on photographs, 99 % within 1 level"
)
# Integers that would be half a level apart may be rounded to neighbours.
_SINGLE_TOLERANCE = "at least 79 dB, before integers are rounded"

# Moves come first: they bring other stages next to the resampling, where later rules match them.
RULES: tuple[Rule, ...] = (
    Rule("merge_windows", "exact", True, merge_windows),
    Rule("cancel_mirrors", "exact", True, cancel_mirrors),
    Rule("window_before_mirror", "exact", True, window_before_mirror),
    Rule("move_before_pointwise", "exact", True, move_before_pointwise),
    Rule("window_into_border", "exact", True, window_into_border),
    Rule("crop_into_resample", "exact; floats within the last bit", True, crop_into_resample),
    Rule("mirror_into_resample", "exact; floats within the last bit", True, mirror_into_resample),
    Rule("merge_tables", "exact", True, merge_tables),
    Rule("cast_into_affine", "1 unit in the last place", True, cast_into_affine),
    Rule("luma_decode", _LUMA_TOLERANCE, False, luma_decode),
    Rule(
        "affine_into_resample", "half a level, as rounding is skipped", True, affine_into_resample
    ),
    Rule("scaled_decode", _SCALED_TOLERANCE, False, scaled_decode),
    Rule("scaled_decode_420", _SCALED_420_TOLERANCE, False, scaled_decode_420),
    Rule("single_precision", _SINGLE_TOLERANCE, False, single_precision),
)

__all__ = ["MARGIN", "RULES", "Draft", "Rule"]
