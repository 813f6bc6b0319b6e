"""Just-in-time preprocessing of training data.

The package has two public names, each imported when it is first used:

`Pipeline`
    A preprocessing pipeline: parse it from a line, and apply it to one object. It is the class of the
    library `preprocessing`, which has the steps, encodings and errors.
`open_reader`
    Open a reader of many objects, from a local folder or through AWS. See `jitprep.reader`, and
    `jitprep.reader.torch` for PyTorch.

>>> from jitprep import Pipeline, open_reader
>>> pipeline = Pipeline.parse("resize:256/center_crop:224/npy")
>>> pipeline.output.shape
(3, 224, 224)
>>> pipeline("rocket.jpg").shape                                       # doctest: +SKIP
(3, 224, 224)
>>> reader = open_reader("file:photos", pipeline=pipeline)             # doctest: +SKIP
>>> reader.get_batch(["rocket.jpg", "coffee.jpg"]).shape               # doctest: +SKIP
(2, 3, 224, 224)

The other subpackages are run rather than imported:

- `jitprep.cli` is the `jitprep` command.
- `jitprep.emulator` is S3 with Object Lambda on this machine, with a pytest fixture.
- `jitprep.backfill` stores the results for a whole bucket.
- `jitprep.costs` estimates what each way to preprocess costs.
- `jitprep.service` handles one request, for the Lambda function in `handler`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jitprep.reader import open_reader as open_reader
    from preprocessing import Pipeline as Pipeline

_MODULES = {"Pipeline": "preprocessing", "open_reader": "jitprep.reader"}

__all__ = ["Pipeline", "open_reader"]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        library = import_module("preprocessing")
        if not hasattr(library, "SpecError"):
            raise ImportError(
                f"The module 'preprocessing' was imported from {library.__file__}, which does not "
                "belong to jitprep. Rename that file, or start Python in another folder."
            )
        return getattr(import_module(_MODULES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
