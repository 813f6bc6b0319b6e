"""Decode, resize, normalise, encode: one pipeline, the same bytes wherever it runs.

>>> from preprocessing import Pipeline
>>> p = Pipeline.parse("grayscale/resize:224,224/png")
>>> p
Pipeline([Grayscale(), Resize((224, 224))], encode=Png())

``p(source)`` gives an array, ``p.batch(sources)`` many in one, ``p.encode(source)`` bytes, and a `Stack`
those of many; ``p.output`` tells what they will be, ``p.plan(source)`` how they are made,
``p.fingerprint`` what they depend on.

To follow a call through the files, read `pipeline` with `spelling`; then `parse` with `grammar`,
`transforms` and `encodings`, where text becomes steps, and `kinds`, which tells what objects these are
for; `sources` with `decode`, where bytes become a header and samples; `plan` with `draws`, where random
steps become fixed ones, and `rewrites`, where steps become `stages`; and `kernels`, where stages do
their arithmetic.

Transforms and encodings are imported when they are asked for: a function that resizes does not wait,
as it starts, for eighty others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from preprocessing.encodings import ENCODINGS, Encoding
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
from preprocessing.limits import Limits
from preprocessing.media import (
    AudioSpec,
    Encoded,
    ImageSpec,
    Media,
    OutputSpec,
    Ranged,
    SpectrogramSpec,
    TextSpec,
    TokensSpec,
    VideoSpec,
)
from preprocessing.pipeline import Pipeline
from preprocessing.planner.plan import Plan
from preprocessing.rng import Seed
from preprocessing.spec.step import Step
from preprocessing.stack import Stack
from preprocessing.transforms import TRANSFORMS, Transform

if TYPE_CHECKING:
    from preprocessing.encodings.audio import Flac as Flac
    from preprocessing.encodings.audio import Wav as Wav
    from preprocessing.encodings.images import Jpeg as Jpeg
    from preprocessing.encodings.images import Png as Png
    from preprocessing.encodings.images import WebP as WebP
    from preprocessing.encodings.npy import Npy as Npy
    from preprocessing.encodings.raw import Raw as Raw
    from preprocessing.encodings.safetensors import Safetensors as Safetensors
    from preprocessing.encodings.text import Jsonl as Jsonl
    from preprocessing.encodings.text import Text as Text
    from preprocessing.encodings.video import Mp4 as Mp4
    from preprocessing.transforms.audio.add_noise import AddNoise as AddNoise
    from preprocessing.transforms.audio.level import LoudnessNormalize as LoudnessNormalize
    from preprocessing.transforms.audio.level import PeakNormalize as PeakNormalize
    from preprocessing.transforms.audio.log_mel import LogMel as LogMel
    from preprocessing.transforms.audio.masks import FreqMask as FreqMask
    from preprocessing.transforms.audio.masks import MaskBins as MaskBins
    from preprocessing.transforms.audio.masks import MaskFrames as MaskFrames
    from preprocessing.transforms.audio.masks import TimeMask as TimeMask
    from preprocessing.transforms.audio.mel import MelSpectrogram as MelSpectrogram
    from preprocessing.transforms.audio.mfcc import MFCC as MFCC
    from preprocessing.transforms.audio.mono import Mono as Mono
    from preprocessing.transforms.audio.pre_emphasis import PreEmphasis as PreEmphasis
    from preprocessing.transforms.audio.resample import Resample as Resample
    from preprocessing.transforms.audio.spectrogram import Spectrogram as Spectrogram
    from preprocessing.transforms.audio.stretch import Stretch as Stretch
    from preprocessing.transforms.audio.stretch import TimeStretch as TimeStretch
    from preprocessing.transforms.audio.trim import PadOrTrim as PadOrTrim
    from preprocessing.transforms.audio.trim import Trim as Trim
    from preprocessing.transforms.image.adjust import AdjustBrightness as AdjustBrightness
    from preprocessing.transforms.image.adjust import AdjustContrast as AdjustContrast
    from preprocessing.transforms.image.adjust import AdjustGamma as AdjustGamma
    from preprocessing.transforms.image.adjust import AdjustHue as AdjustHue
    from preprocessing.transforms.image.adjust import AdjustSaturation as AdjustSaturation
    from preprocessing.transforms.image.adjust import AdjustSharpness as AdjustSharpness
    from preprocessing.transforms.image.auto_augment import RandAugment as RandAugment
    from preprocessing.transforms.image.auto_augment import TrivialAugmentWide as TrivialAugmentWide
    from preprocessing.transforms.image.blur import Blur as Blur
    from preprocessing.transforms.image.blur import GaussianBlur as GaussianBlur
    from preprocessing.transforms.image.color_jitter import ColorJitter as ColorJitter
    from preprocessing.transforms.image.colorspace import ToHSV as ToHSV
    from preprocessing.transforms.image.colorspace import ToLab as ToLab
    from preprocessing.transforms.image.colorspace import ToYCbCr as ToYCbCr
    from preprocessing.transforms.image.crop import CenterCrop as CenterCrop
    from preprocessing.transforms.image.crop import Crop as Crop
    from preprocessing.transforms.image.dtype import ToDtype as ToDtype
    from preprocessing.transforms.image.edges import Canny as Canny
    from preprocessing.transforms.image.edges import Sobel as Sobel
    from preprocessing.transforms.image.erase import Erase as Erase
    from preprocessing.transforms.image.exposure import CLAHE as CLAHE
    from preprocessing.transforms.image.exposure import EqualizeHist as EqualizeHist
    from preprocessing.transforms.image.features import HOG as HOG
    from preprocessing.transforms.image.flip import HorizontalFlip as HorizontalFlip
    from preprocessing.transforms.image.flip import VerticalFlip as VerticalFlip
    from preprocessing.transforms.image.grayscale import Grayscale as Grayscale
    from preprocessing.transforms.image.letter_box import LetterBox as LetterBox
    from preprocessing.transforms.image.normalize import Normalize as Normalize
    from preprocessing.transforms.image.pad import Pad as Pad
    from preprocessing.transforms.image.random_crop import RandomCrop as RandomCrop
    from preprocessing.transforms.image.random_erasing import RandomErasing as RandomErasing
    from preprocessing.transforms.image.random_flip import (
        RandomHorizontalFlip as RandomHorizontalFlip,
    )
    from preprocessing.transforms.image.random_flip import RandomVerticalFlip as RandomVerticalFlip
    from preprocessing.transforms.image.random_resized_crop import (
        RandomResizedCrop as RandomResizedCrop,
    )
    from preprocessing.transforms.image.random_tone import (
        RandomAdjustSharpness as RandomAdjustSharpness,
    )
    from preprocessing.transforms.image.random_tone import RandomAutocontrast as RandomAutocontrast
    from preprocessing.transforms.image.random_tone import RandomEqualize as RandomEqualize
    from preprocessing.transforms.image.random_tone import RandomGrayscale as RandomGrayscale
    from preprocessing.transforms.image.random_tone import RandomInvert as RandomInvert
    from preprocessing.transforms.image.random_tone import RandomPosterize as RandomPosterize
    from preprocessing.transforms.image.random_tone import RandomSolarize as RandomSolarize
    from preprocessing.transforms.image.random_warp import RandomAffine as RandomAffine
    from preprocessing.transforms.image.random_warp import RandomPerspective as RandomPerspective
    from preprocessing.transforms.image.random_warp import RandomRotation as RandomRotation
    from preprocessing.transforms.image.resize import Resize as Resize
    from preprocessing.transforms.image.restoration import DenoiseBilateral as DenoiseBilateral
    from preprocessing.transforms.image.restoration import DenoiseTV as DenoiseTV
    from preprocessing.transforms.image.restoration import UnsharpMask as UnsharpMask
    from preprocessing.transforms.image.tone import AutoContrast as AutoContrast
    from preprocessing.transforms.image.tone import Equalize as Equalize
    from preprocessing.transforms.image.tone import Invert as Invert
    from preprocessing.transforms.image.tone import Posterize as Posterize
    from preprocessing.transforms.image.tone import Solarize as Solarize
    from preprocessing.transforms.image.warp import Affine as Affine
    from preprocessing.transforms.image.warp import Perspective as Perspective
    from preprocessing.transforms.image.warp import Rotate as Rotate
    from preprocessing.transforms.text.cleaning import FixMojibake as FixMojibake
    from preprocessing.transforms.text.cleaning import RedactPatterns as RedactPatterns
    from preprocessing.transforms.text.cleaning import StripHtml as StripHtml
    from preprocessing.transforms.text.normal import CollapseWhitespace as CollapseWhitespace
    from preprocessing.transforms.text.normal import Lower as Lower
    from preprocessing.transforms.text.normal import Nfc as Nfc
    from preprocessing.transforms.text.normal import Nfkc as Nfkc
    from preprocessing.transforms.text.tables import Csv as Csv
    from preprocessing.transforms.text.tables import JsonLines as JsonLines
    from preprocessing.transforms.text.tokenize import Tokenize as Tokenize
    from preprocessing.transforms.text.truncate import Truncate as Truncate
    from preprocessing.transforms.video.clip import Clip as Clip
    from preprocessing.transforms.video.key_frames import KeyFrames as KeyFrames
    from preprocessing.transforms.video.sample import SampleFps as SampleFps
    from preprocessing.transforms.video.sample import SampleFrames as SampleFrames

_STEPS = {name: registry for registry in (TRANSFORMS, ENCODINGS) for name in registry.classes}

__all__ = [  # noqa: PLE0604  and every transform and encoding
    "ENCODINGS",
    "TRANSFORMS",
    "AudioSpec",
    "CorruptSource",
    "EmptySource",
    "Encoded",
    "Encoding",
    "ImageSpec",
    "IncompatibleSource",
    "LimitExceeded",
    "Limits",
    "Media",
    "OutputSpec",
    "Pipeline",
    "Plan",
    "PreprocessingError",
    "Ranged",
    "Seed",
    "SourceError",
    "SpecError",
    "SpectrogramSpec",
    "Stack",
    "TextSpec",
    "TokensSpec",
    "Transform",
    "UnknownFormat",
    "UnsupportedSource",
    "VideoSpec",
    *_STEPS,
]


def __getattr__(name: str) -> type[Step]:
    if name in _STEPS:
        return _STEPS[name].by_class(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
