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

from __future__ import annotations


class PreprocessingError(Exception):
    """Base class of all exceptions of this package.

    Attributes
    ----------
    step : int or None
        Place of the step that the message is about, from 1. The encoding is a step too.
    """

    step: int | None = None


class SpecError(PreprocessingError, ValueError):
    """The pipeline is invalid. The message names the step, the argument and the nearest valid name.

    Attributes
    ----------
    step : int or None
        As above; 0 for the words before the first step, such as ``tar`` or ``video``.
    argument : str or None
        Name of the argument that is wrong or missing, as it was written.
    nearest : str or None
        The name that was probably meant, of a step or of an argument.
    """

    def __init__(
        self,
        message: str,
        *,
        step: int | None = None,
        argument: str | None = None,
        nearest: str | None = None,
    ) -> None:
        super().__init__(message)
        self.step, self.argument, self.nearest = step, argument, nearest

    def within(self, place: str, step: int) -> SpecError:
        """Return the error of a step as that of its pipeline, with the step's place in the message."""
        return SpecError(
            f"{place}: {self}", step=step, argument=self.argument, nearest=self.nearest
        )


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
