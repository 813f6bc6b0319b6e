"""Decode, resize, normalise, encode: one pipeline, the same bytes wherever it runs.

>>> from preprocessing import Pipeline
>>> p = Pipeline.parse("grayscale/resize:224,224/png")
>>> p
Pipeline([Grayscale(), Resize((224, 224))], encode=Png())

``p(source)`` gives an array, ``p.encode(source)`` gives bytes, ``p.output`` tells what they will be,
``p.plan(source)`` how they are made, ``p.fingerprint`` what they depend on.

To follow a call through the files, read `pipeline`; then `parse` with `grammar`, `transforms` and
`encodings`, where text becomes steps; `sources` with `decode`, where bytes become a header and pixels;
`plan` with `rewrites`, where steps become `stages`; and `kernels`, where stages do their arithmetic.
"""

from preprocessing.encodings import ENCODINGS, Encoding, Jpeg, Npy, Png, Raw, Safetensors, WebP
from preprocessing.errors import (
    CorruptSource,
    EmptySource,
    IncompatibleSource,
    LimitExceeded,
    PreprocessingError,
    SourceError,
    SpecError,
    UnknownFormat,
    UnsupportedSource,
)
from preprocessing.media import ImageSpec, Limits, OutputSpec
from preprocessing.pipeline import Encoded, Pipeline
from preprocessing.plan import Plan
from preprocessing.transforms import (
    TRANSFORMS,
    CenterCrop,
    Crop,
    Grayscale,
    HorizontalFlip,
    Normalize,
    Pad,
    Resize,
    ToDtype,
    Transform,
    VerticalFlip,
)

__all__ = [
    "ENCODINGS",
    "TRANSFORMS",
    "CenterCrop",
    "CorruptSource",
    "Crop",
    "EmptySource",
    "Encoded",
    "Encoding",
    "Grayscale",
    "HorizontalFlip",
    "ImageSpec",
    "IncompatibleSource",
    "Jpeg",
    "LimitExceeded",
    "Limits",
    "Normalize",
    "Npy",
    "OutputSpec",
    "Pad",
    "Pipeline",
    "Plan",
    "Png",
    "PreprocessingError",
    "Raw",
    "Resize",
    "Safetensors",
    "SourceError",
    "SpecError",
    "ToDtype",
    "Transform",
    "UnknownFormat",
    "UnsupportedSource",
    "VerticalFlip",
    "WebP",
]
