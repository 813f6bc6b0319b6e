"""Training data, read through whichever door there is, as arrays.

>>> from jitprep import open_reader
>>> photos = open_reader("file:photos", pipeline="resize:256/center_crop:224/npy")  # doctest: +SKIP
>>> photos.get("rocket.jpg").shape                                                  # doctest: +SKIP
(3, 224, 224)

``get_batch(keys)`` reads many into one array, ``keys(prefix)`` lists, ``with_seed(epoch)`` draws anew.
The same lines read through S3 Object Lambda, a Function URL, Lambda's Invoke or a folder, and give the
same bytes. `jitprep.reader.torch` has datasets for PyTorch.

To follow a read through the files: `opening` and `address`, where text becomes a reader; `base`, what
all have in common; one of `access_point`, `function_url`, `invoke` and `local`; `retry`; and `decode`,
where bytes become an array.
"""

from __future__ import annotations

from jitprep.reader.base import Reader
from jitprep.reader.errors import (
    BadObject,
    CannotOpen,
    ReaderError,
    ReadError,
    Refused,
    Unavailable,
    Undecodable,
)
from jitprep.reader.opening import open_reader

__all__ = [
    "BadObject",
    "CannotOpen",
    "ReadError",
    "Reader",
    "ReaderError",
    "Refused",
    "Unavailable",
    "Undecodable",
    "open_reader",
]
