"""Decoding of responses into arrays. Tensors are not copied."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from math import prod
from tokenize import TokenError
from typing import Any, NamedTuple

import numpy as np

from jitprep.reader.errors import Undecodable
from jitprep.reader.metadata import note_metadata
from preprocessing import Pipeline, PreprocessingError
from preprocessing.encodings.safetensors import DTYPES
from preprocessing.media import Array

# Prefix of the function's own metadata. All other metadata is the object owner's.
_PREFIX = "jitprep-"
_METADATA = "x-amz-meta-"
# Offsets in a PNG's header of the bit depth and colour type, and the type for gray.
_PNG_BITS, _PNG_COLOUR, _PNG_GRAY = 24, 25, 0
# Our headers have about a hundred bytes. The limit of safetensors itself is 100 MB.
_LARGEST_TABLE = 2**16
_SAFETENSORS_DTYPES = {code: np.dtype(name).newbyteorder("<") for name, code in DTYPES.items()}
_MAGIC = {
    b"\x93NUMPY": "application/x-npy",
    b"\x89PNG\r\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}
# Pipelines that decode the other kinds.
_SHARD = "application/x-tar"
_BACK = {
    "audio/wav": "audio/npy",
    "audio/flac": "audio/npy",
    "video/mp4": "video/npy:layout=hwc",
    "text/plain": "text/text",
    "application/jsonl": "json_lines:text/jsonl",
}


# What decoding a body raises that is not what its type says.
_INVALID = (
    *(ValueError, LookupError, TypeError, AttributeError, OSError, SyntaxError),
    PreprocessingError,
)


class TensorLayout(NamedTuple):
    """Layout of a body that ends in the samples as they are in memory.

    Parameters
    ----------
    shape : tuple of int
    dtype : dtype
    offset : int
        Where the samples begin.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int


@dataclass(frozen=True, slots=True)
class ReadResult:
    """Response of a door.

    Parameters
    ----------
    body : bytearray
        Not shared: the array may be a view of it.
    content_type : str, optional
        Its media type; None where it is unknown.
    metadata : mapping of str to str
        The pipeline's metadata, such as ``shape`` and ``dtype``.
    """

    body: bytearray = field(repr=False)
    content_type: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, body: bytearray, headers: Mapping[str, str]) -> ReadResult:
        """Return the response for S3's headers, whose names are in lower case."""
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
        """Return the response for S3's metadata. Some stores return names in title case."""
        said = {
            name.lower().removeprefix(_PREFIX): value
            for name, value in metadata.items()
            if name.lower().startswith(_PREFIX)
        }
        return cls(body, content_type, said)


def decode(answer: ReadResult, key: str | None = None) -> Array:
    """Decode the array of a response.

    Parameters
    ----------
    answer : ReadResult
    key : str, optional
        Key for error messages.

    Returns
    -------
    ndarray
        Writable, in C order, little-endian.

    Raises
    ------
    Undecodable
    """
    note_metadata(answer.metadata)
    kind = _kind(answer)
    try:
        if kind in _TENSORS:
            return _samples(answer.body, _TENSORS[kind](answer))
        if kind.startswith("image/"):
            return _image(answer)
        if kind in _BACK:
            return _back(answer, _BACK[kind])
    except _INVALID as error:
        reason = str(error) or type(error).__name__
        raise Undecodable(f"the response is not valid {kind}: {reason}", key=key) from None
    remedy = "which no pipeline writes; read originals through a pipeline"
    if answer.content_type == _SHARD:
        remedy = "a shard, whose samples have no one array; read it with WebDataset"
    raise Undecodable(
        f"the response is {answer.content_type or 'of an unknown type'}, {remedy}", key=key
    )


def tensor_layout(
    head: bytes, content_type: str | None, shape: str | None, dtype: str | None
) -> TensorLayout | None:
    """Return the layout of a tensor whose body begins with `head`; None for another type.

    Parameters
    ----------
    head : bytes
        All that comes before the samples.
    content_type, shape, dtype : str, optional
        As in `ReadResult`.
    """
    if content_type is None or content_type not in _TENSORS:
        return None
    about = {name: value for name, value in (("shape", shape), ("dtype", dtype)) if value}
    try:
        return _TENSORS[content_type](ReadResult(bytearray(head), content_type, about))
    except _INVALID:
        return None


def is_array(pipeline: Pipeline) -> bool:
    """Return whether `decode` would return what calling the pipeline does, bit for bit."""
    return not pipeline.skip and pipeline.encoding.content_type in _TENSORS


def _kind(answer: ReadResult) -> str:
    """Return the media type, detected from the first bytes where the content type is missing."""
    said = (answer.content_type or "").partition(";")[0].strip().lower()
    if said in _TENSORS and (said != _RAW or "shape" in answer.metadata):
        return said
    # Any text may be text/plain. A pipeline's result has a dtype too.
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


def _npy(answer: ReadResult) -> TensorLayout:
    stream = BytesIO(answer.body[:_LARGEST_TABLE])
    version = np.lib.format.read_magic(stream)
    if version != (1, 0):
        raise ValueError(f"its version is {version}, not (1, 0)")
    try:
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    except TokenError as error:
        raise ValueError(str(error)) from None
    if fortran or dtype.hasobject:
        raise ValueError("it holds Python objects, or is in Fortran order")
    return TensorLayout(shape, dtype, stream.tell())


def _safetensors(answer: ReadResult) -> TensorLayout:
    length = int.from_bytes(answer.body[:8], "little")
    if length > _LARGEST_TABLE:
        raise ValueError(f"its header claims {length} bytes")
    table = json.loads(answer.body[8 : 8 + length])
    tensors = [entry for name, entry in table.items() if name != "__metadata__"]
    if len(tensors) != 1:
        raise ValueError(f"it holds {len(tensors)} tensors, not one")
    dtype = _SAFETENSORS_DTYPES[tensors[0]["dtype"]]
    return TensorLayout(tuple(tensors[0]["shape"]), dtype, 8 + length)


def _raw(answer: ReadResult) -> TensorLayout:
    shape = tuple(map(int, answer.metadata["shape"].split(",")))
    dtype = np.dtype(answer.metadata["dtype"]).newbyteorder("<")
    return TensorLayout(shape, dtype, 0)


def _samples(body: bytearray, layout: TensorLayout) -> Array:
    shape, dtype, offset = layout
    wanted = offset + prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or wanted != len(body):
        raise ValueError(
            f"shape {shape} of {dtype} needs {wanted} bytes, and the body has {len(body)}"
        )
    return np.frombuffer(body, dtype, offset=offset).reshape(shape)


def _image(answer: ReadResult) -> Array:
    """Return pixels of shape (H, W, C), or (H, W) for gray, as the pipeline returns them."""
    from PIL import Image  # noqa: PLC0415  not needed for tensors

    body = answer.body
    is_png = body.startswith(b"\x89PNG")
    if is_png and body[_PNG_BITS] > 8 and body[_PNG_COLOUR] != _PNG_GRAY:
        raise ValueError("Pillow would reduce its 16 bits per sample to 8; encode as npy")
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
_TENSORS: Mapping[str, Callable[[ReadResult], TensorLayout]] = {
    "application/x-npy": _npy,
    "application/x-safetensors": _safetensors,
    _RAW: _raw,
}
