"""The physical stages that transforms are lowered to, and that the planner rewrites.

A `Start` comes first, such as `Decode` for an encoded image; stages follow.

A stage knows exactly what it will do to exactly which sizes. `output` tells the spec of its result and
`apply` makes it, into `out` where the caller gives a place and the stage can use it. Images are indexed
(height, width, channel); a stage that only moves the view allocates nothing.
"""

from preprocessing.planner.stages.base import Decode, Given, KernelStage, Stage, Start, VideoStart
from preprocessing.planner.stages.compute import Compute
from preprocessing.planner.stages.moves import CropStage, FlipStage, PadMode, PadStage
from preprocessing.planner.stages.resample import Interpolation, ResampleStage
from preprocessing.planner.stages.samples import Cast, Luma, Replicate, ScaleShift

__all__ = [
    "Cast",
    "Compute",
    "CropStage",
    "Decode",
    "FlipStage",
    "Given",
    "Interpolation",
    "KernelStage",
    "Luma",
    "PadMode",
    "PadStage",
    "Replicate",
    "ResampleStage",
    "ScaleShift",
    "Stage",
    "Start",
    "VideoStart",
]
