"""The measured libraries: one module per library, written as a user of it would.

A module defines `PEERS`: each `Peer` has a description and operations by the names of
`bench.cases.PIPELINES`. All take the same bytes and return the results that `base` describes.
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
