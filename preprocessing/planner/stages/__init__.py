"""The physical stages that transforms are lowered to, and that the planner rewrites.

A plan begins with a `Start`, such as `Decode` for an encoded image; stages follow.

A stage is made for inputs of one size. `output` returns the spec of its result, and `apply` computes it,
in `out` if the caller passes an array and the stage can write to it. Images are indexed (height, width,
channel). A stage that only returns a view allocates nothing.
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
