"""What can go wrong, as types.

.. code-block:: text

    PreprocessingError
    ├── SpecError            the pipeline is wrong: unknown step, bad argument, impossible order
    ├── SourceError          the object is wrong
    │   ├── EmptySource          no bytes at all
    │   ├── UnknownFormat        bytes that no decoder claims
    │   ├── CorruptSource        the right format, but truncated or damaged
    │   └── UnsupportedSource    a valid file of a variant that has no agreed meaning here
    ├── IncompatibleSource   a good object that this pipeline cannot take
    └── LimitExceeded        refused before memory was taken

Each message names the cause and the remedy, and each type is a distinct answer to a client.
"""


class PreprocessingError(Exception):
    """Base of every error that this package raises on purpose."""


class SpecError(PreprocessingError, ValueError):
    """A pipeline that cannot be: the message names the step, the argument and the nearest valid name."""


class SourceError(PreprocessingError):
    """The object's bytes cannot be read as what they claim to be."""


class EmptySource(SourceError):
    """The object has no bytes."""


class UnknownFormat(SourceError):
    """The first bytes match no format that can be decoded."""


class CorruptSource(SourceError):
    """The bytes start as a known format and then break off or contradict themselves."""


class UnsupportedSource(SourceError):
    """A valid file whose samples have no agreed meaning as an image, such as 32-bit floats."""


class IncompatibleSource(PreprocessingError):
    """The object was decoded (or is an array) but a step cannot take what it is."""


class LimitExceeded(PreprocessingError):
    """The object, or what the pipeline would make of it, is larger than the limits allow."""
