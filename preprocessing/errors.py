"""The exceptions that this package raises.

.. code-block:: text

    PreprocessingError
    ├── SpecError            the pipeline is invalid: unknown step, bad argument, impossible order
    ├── SourceError          the object cannot be decoded
    │   ├── EmptySource          it has no bytes
    │   ├── UnknownFormat        no decoder recognizes it
    │   ├── CorruptSource        a known format, but truncated or damaged
    │   └── UnsupportedSource    a valid file of a variant that is not supported
    ├── IncompatibleSource   the object is fine, but this pipeline cannot take it
    ├── StepFailed           a step that is not part of the library raised an error, or broke its word
    └── LimitExceeded        the work would exceed a limit; raised before memory is allocated

Messages name the cause and, if there is one, the remedy. A server answers each type with its own code.
"""


class PreprocessingError(Exception):
    """Base class of all exceptions of this package."""


class SpecError(PreprocessingError, ValueError):
    """The pipeline is invalid. The message names the step, the argument and the nearest valid name."""


class SourceError(PreprocessingError):
    """The object cannot be decoded."""


class EmptySource(SourceError):
    """The object has no bytes."""


class UnknownFormat(SourceError):
    """The object's first bytes match no supported format."""


class CorruptSource(SourceError):
    """The object has a known format but is truncated or damaged."""


class UnsupportedSource(SourceError):
    """The object is valid, but of a variant that is not supported, such as images of 32-bit floats."""


class IncompatibleSource(PreprocessingError):
    """The object can be decoded, or is an array, but a step or the encoding cannot take it."""


class StepFailed(PreprocessingError):
    """A step that is not part of the library raised an error, or did not return what it promised."""


class LimitExceeded(PreprocessingError):
    """The object, or the work on it, would exceed the limits."""
