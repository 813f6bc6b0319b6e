"""The types of a TIFF's samples, and the predictors that only some of them have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from preprocessing.decode.image.faults import damaged, unsupported
from preprocessing.errors import UnsupportedSource

if TYPE_CHECKING:
    from preprocessing.decode.image.tiff.fields import Directory
    from preprocessing.media import DType

MOST_SAMPLES = 2**10
DIFFERENCES, PLANAR_BYTES = 2, 3  # Predictor
_FLOAT = 3  # SampleFormat


def sample_format(fields: Directory, samples: int, deep: DType) -> tuple[int, bool]:
    """Return the bits per sample, and whether samples are floats.

    Parameters
    ----------
    fields : Directory
    samples : int
        Per pixel.
    deep : {"uint8", "uint16", "float32"}
        Type for which the picture will be decoded. Only float32 takes floats.

    Raises
    ------
    CorruptSource, UnsupportedSource
    """
    if not 0 < samples <= MOST_SAMPLES:
        raise damaged("TIFF", f"it claims {samples} samples per pixel")
    bits = {int(n) for n in fields.numbers(258, MOST_SAMPLES)[:samples]} or {1}
    formats = {int(n) for n in fields.numbers(339, MOST_SAMPLES)[:samples]} - {4}
    floats = formats == {_FLOAT}
    if formats - {1} and not (floats and deep == "float32"):
        advice = ", or begin the pipeline with image:float32/" if floats else ""
        raise UnsupportedSource(
            f"the TIFF has signed or float samples of {max(bits)} bits, which have no agreed range; "
            f"store 8 or 16 bits per sample, unsigned{advice}"
        )
    if len(bits) > 1:
        raise unsupported("TIFF", f"samples of different sizes, {sorted(bits)} bits")
    return bits.pop(), floats


def predictor_of(fields: Directory, bits: int, *, floats: bool) -> int:
    """Return the predictor, 1 for none.

    Raises
    ------
    UnsupportedSource
        If it is another than the two for these samples.
    """
    predictor = fields.number(317, 1)
    fits = {DIFFERENCES: bits in (8, 16) and not floats, PLANAR_BYTES: floats}
    if predictor != 1 and not fits.get(predictor):
        raise unsupported("TIFF", f"predictor {predictor} at {bits} bits per sample")
    return predictor
