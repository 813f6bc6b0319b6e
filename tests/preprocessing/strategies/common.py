"""Values that many steps take."""

from __future__ import annotations

from hypothesis import strategies as st

DTYPES = ("uint8", "uint16", "float16", "float32")
FILTERS = ("bilinear", "bicubic", "lanczos")
INTERPOLATIONS = (*FILTERS, "nearest", "nearest_exact")
PAD_MODES = ("constant", "edge", "reflect", "symmetric")

sides = st.integers(1, 40)
pairs = st.tuples(sides, sides)
finite = st.floats(-1e6, 1e6, width=32)
