"""Readers of training data: one interface to access points, functions, servers, stores and folders.

>>> from jitprep import open_reader
>>> photos = open_reader("file:photos", pipeline="resize:256/center_crop:224/npy")  # doctest: +SKIP
>>> photos.get("rocket.jpg").shape                                                  # doctest: +SKIP
(3, 224, 224)

``get_batch(keys)`` reads many objects into one array, ``keys(prefix)`` lists keys, and
``with_seed(epoch)`` returns a reader whose random transforms draw differently. The same code reads
through S3 Object Lambda, a Function URL, Lambda's Invoke or a server of ``jitprep serve``, or transforms
originals of a store or a folder in its own process, and gets the same bytes.
`jitprep.reader.torch` has a loader and datasets for PyTorch.

A read passes through `opening` and `address`, which turn an address into a reader; `base`, the
interface; a module of `doors`, with `transport`; and `decode`, which turns the response into an array,
or `originals`, which transforms.
"""

from __future__ import annotations

from jitprep.reader.base import Reader
from jitprep.reader.errors import (
    BadObject,
    CannotOpen,
    OverflowDiffers,
    ReaderError,
    ReadError,
    Refused,
    Unavailable,
    Undecodable,
    WorkerDied,
)
from jitprep.reader.opening import open_reader

__all__ = [
    "BadObject",
    "CannotOpen",
    "OverflowDiffers",
    "ReadError",
    "Reader",
    "ReaderError",
    "Refused",
    "Unavailable",
    "Undecodable",
    "WorkerDied",
    "open_reader",
]
