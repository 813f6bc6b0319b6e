"""`View`: what the page shows of one value. The page draws it by its ``kind``.

Ids are of assets on the `Desk`. Everything is plain data, so that a view becomes JSON as it is.
"""

from __future__ import annotations

from typing import Any

from preprocessing.frozen import frozen


@frozen
class Numbers:
    """An array in numbers.

    Parameters
    ----------
    shape : tuple of int
    dtype : str
    least, most, mean, std : float, optional
        None for an empty array, for text, and where no finite value is.
    text : str
        The values at its beginning, as NumPy prints them.
    """

    shape: tuple[int, ...]
    dtype: str
    least: float | None
    most: float | None
    mean: float | None
    std: float | None
    text: str


@frozen
class Frame:
    """One picture.

    Parameters
    ----------
    asset : str
        Of a picture, as `RGBA`.
    width, height : int
        Of the value, in pixels.
    scale : float
        Pixels of the picture per pixel of the value: less than 1 where it is too large to show.
    seconds : float, optional
        Its time in a video.
    label : str
        What it is of a set: a view's number, a section's key.
    """

    asset: str
    width: int
    height: int
    scale: float = 1.0
    seconds: float | None = None
    label: str = ""


@frozen
class TokenPiece:
    """One token.

    Parameters
    ----------
    id : int
    text : str
        What it stands for; for ``bytes``, their hexadecimal digits. Empty where that is nothing, or
        unknown.
    masked : bool
        Whether the mask leaves it out.
    form : {"text", "bytes", "special"}
        ``bytes`` is a part of a character, ``special`` a token that no text becomes, such as ``[CLS]``.
    """

    id: int
    text: str
    masked: bool
    form: str = "text"


@frozen
class ShardMember:
    """One member of a shard.

    Parameters
    ----------
    name : str
    nbytes : int
    kind : str
        Of object, by content; empty for what no pipeline takes.
    sample : str
        The key of its sample.
    """

    name: str
    nbytes: int
    kind: str
    sample: str


@frozen
class View:
    """What is shown of a source, a result, or what a stage returns.

    Parameters
    ----------
    kind : str
        Of the spec that describes the value: image, index, views, sections, video, audio, spectrogram,
        text or tokens; shard for an archive; bytes for what no pipeline takes.
    caption : str
        What it is: ``image 224×224×3 float32``.
    how : str
        How values were changed to make them visible: ``normalisation undone``. Empty for no change.
    frames : tuple of Frame
        Of an image one, of a video those that are shown, of views all; of sound its waveform and its
        spectrogram, labelled so.
    count : int
        Of all frames, documents or members. Fewer may be shown.
    media : str
        Id of an asset that a browser plays; empty where there is none.
    media_type : str
        Its content type.
    seconds : float, optional
        Of sound and video.
    rate : float, optional
        Samples or frames per second.
    texts : tuple of str
        Documents.
    tokens : tuple of tuple of TokenPiece
        Of each document.
    members : tuple of ShardMember
    numbers : Numbers, optional
    more : mapping of str to object
        Whatever one kind adds.
    """

    kind: str
    caption: str
    how: str = ""
    frames: tuple[Frame, ...] = ()
    count: int = 0
    media: str = ""
    media_type: str = ""
    seconds: float | None = None
    rate: float | None = None
    texts: tuple[str, ...] = ()
    tokens: tuple[tuple[TokenPiece, ...], ...] = ()
    members: tuple[ShardMember, ...] = ()
    numbers: Numbers | None = None
    more: dict[str, Any] | None = None
