"""Who is measured: one module a library, each a few functions that a user of it would write.

A module holds `PEERS`: each a `Peer` with a line that says what it does, and operations by the names of
`bench.cases.PIPELINES`. All are given the same bytes, and all give what `base` says.
"""

from __future__ import annotations

MODULES = (
    "floor",
    "ours",
    "scikit_image",
    "pillow",
    "opencv",
    "torch_vision",
    "albumentations_x",
    "vips",
    "cykooz",
    "kornia",
)
