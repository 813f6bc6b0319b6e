"""The bytes of an answer become an array; a tensor's are not copied."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from math import prod
from tokenize import TokenError

import numpy as np

from jitprep.reader.errors import Undecodable
from preprocessing import Pipeline, PreprocessingError
from preprocessing.encodings.safetensors import DTYPES
from preprocessing.media import Array

# What the function says of its answers in S3's metadata; all else there is the owner's.
_PREFIX = "jitprep-"
_METADATA = "x-amz-meta-"
# Of the header of a PNG: bits a sample, and the type of colour that is gray alone.
_PNG_BITS, _PNG_COLOUR, _PNG_GRAY = 24, 25, 0
# A header of ours has a hundred bytes; safetensors' own limit is 100 MB.
_LARGEST_TABLE = 2**16
_SAFETENSORS_DTYPES = {code: np.dtype(name).newbyteorder("<") for name, code in DTYPES.items()}
_MAGIC = {
    b"\x93NUMPY": "application/x-npy",
    b"\x89PNG\r\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}
# What is no tensor and no image is read back by a pipeline of its kind.
_BACK = {
    "audio/wav": "audio/npy",
    "audio/flac": "audio/npy",
    "video/mp4": "video/npy:layout=hwc",
    "text/plain": "text/text",
    "application/jsonl": "json_lines:text/jsonl",
}


@dataclass(frozen=True, slots=True)
class ReadResult:
    """An object as a door gives it.

    Parameters
    ----------
    body : bytearray
        The caller's own: the array may lie in it.
    content_type : str, optional
        Its media type; None where nobody says.
    metadata : mapping of str to str
        What the pipeline says of it: ``shape``, ``dtype``...
    """

    body: bytearray = field(repr=False)
    content_type: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, body: bytearray, headers: Mapping[str, str]) -> ReadResult:
        """Return the answer that came under S3's headers, names in lower case."""
        metadata = {
            name.removeprefix(_METADATA): value
            for name, value in headers.items()
            if name.startswith(_METADATA)
        }
        return cls.stored(body, headers.get("content-type"), metadata)

    @classmethod
    def stored(
        cls, body: bytearray, content_type: str | None, metadata: Mapping[str, str]
    ) -> ReadResult:
        """Return the answer that came with S3's metadata; some stores write names in title case."""
        said = {
            name.lower().removeprefix(_PREFIX): value
            for name, value in metadata.items()
            if name.lower().startswith(_PREFIX)
        }
        return cls(body, content_type, said)


def decode(answer: ReadResult, key: str | None = None) -> Array:
    """Return the array that was encoded.

    Parameters
    ----------
    answer : ReadResult
    key : str, optional
        For the error.

    Returns
    -------
    ndarray
        Writable, in C order, little-endian.

    Raises
    ------
    Undecodable
    """
    kind = _kind(answer)
    try:
        if kind in _TENSORS:
            return _TENSORS[kind](answer)
        if kind.startswith("image/"):
            return _image(answer)
        if kind in _BACK:
            return _back(answer, _BACK[kind])
    except (
        *(ValueError, LookupError, TypeError, AttributeError, OSError, SyntaxError),
        PreprocessingError,
    ) as error:
        told = str(error) or type(error).__name__
        raise Undecodable(f"the answer is no {kind}: {told}", key=key) from None
    raise Undecodable(
        f"the answer is {answer.content_type or 'of no known type'}, and not what a pipeline encodes; "
        "read originals through a pipeline",
        key=key,
    )


def _kind(answer: ReadResult) -> str:
    """Return the media type, by the first bytes where nobody says: some uploads name none."""
    said = (answer.content_type or "").partition(";")[0].strip().lower()
    if said in _TENSORS and (said != _RAW or "shape" in answer.metadata):
        return said
    # Any text may be called plain: what a pipeline wrote says so.
    if said in _BACK and (said != "text/plain" or answer.metadata.get("dtype") == "str"):
        return said
    if said.startswith("image/"):
        return said
    for magic, kind in _MAGIC.items():
        if answer.body.startswith(magic):
            return kind
    if answer.body.startswith(b"RIFF"):
        return _RIFF.get(bytes(answer.body[8:12]), "")
    return "application/x-safetensors" if answer.body[8:9] == b"{" else ""


def _npy(answer: ReadResult) -> Array:
    stream = BytesIO(answer.body[:_LARGEST_TABLE])
    version = np.lib.format.read_magic(stream)
    if version != (1, 0):
        raise ValueError(f"its version is {version}, not (1, 0)")
    try:
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    except TokenError as error:
        raise ValueError(str(error)) from None
    if fortran or dtype.hasobject:
        raise ValueError("it holds objects, or is in Fortran's order")
    return _samples(answer.body, stream.tell(), shape, dtype)


def _safetensors(answer: ReadResult) -> Array:
    length = int.from_bytes(answer.body[:8], "little")
    if length > _LARGEST_TABLE:
        raise ValueError(f"its header claims {length} bytes")
    table = json.loads(answer.body[8 : 8 + length])
    tensors = [entry for name, entry in table.items() if name != "__metadata__"]
    if len(tensors) != 1:
        raise ValueError(f"it holds {len(tensors)} tensors, not one")
    dtype = _SAFETENSORS_DTYPES[tensors[0]["dtype"]]
    return _samples(answer.body, 8 + length, tuple(tensors[0]["shape"]), dtype)


def _raw(answer: ReadResult) -> Array:
    shape = tuple(map(int, answer.metadata["shape"].split(",")))
    dtype = np.dtype(answer.metadata["dtype"]).newbyteorder("<")
    return _samples(answer.body, 0, shape, dtype)


def _samples(body: bytearray, offset: int, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    wanted = offset + prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or wanted != len(body):
        raise ValueError(f"{shape} of {dtype} needs {wanted} bytes, and it has {len(body)}")
    return np.frombuffer(body, dtype, offset=offset).reshape(shape)


def _image(answer: ReadResult) -> Array:
    """Return rows of pixels, (H, W) for gray, as the pipeline itself gives them."""
    from PIL import Image  # noqa: PLC0415  tensors do without

    body = answer.body
    is_png = body.startswith(b"\x89PNG")
    if is_png and body[_PNG_BITS] > 8 and body[_PNG_COLOUR] != _PNG_GRAY:
        raise ValueError("Pillow would cut its 16 bits a sample to 8; encode as npy")
    try:
        with Image.open(BytesIO(body)) as image:
            pixels = np.array(image)
    except Image.DecompressionBombError as error:
        raise ValueError(str(error)) from None
    if answer.metadata.get("shape", "").count(",") == 1 and pixels.ndim == 3:
        return np.ascontiguousarray(pixels[:, :, 0])  # WebP has no gray
    return pixels


def _back(answer: ReadResult, spec: str) -> Array:
    array = Pipeline.parse(spec)(bytes(answer.body))
    if answer.metadata.get("shape", "").count(",") == 2 and array.ndim == 4:
        return np.ascontiguousarray(array[:, :, :, 0])  # MP4 has no gray
    return array


_RAW = "application/octet-stream"
_TENSORS: Mapping[str, Callable[[ReadResult], Array]] = {
    "application/x-npy": _npy,
    "application/x-safetensors": _safetensors,
    _RAW: _raw,
}
