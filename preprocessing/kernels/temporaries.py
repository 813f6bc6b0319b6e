"""What kernels hold in between: bytes of the arrays that are neither their input nor their result.

Each is an upper bound, of which a test measures that it is one. Buffers of a fixed size, up to a few
megabytes, and what a thread keeps (see `scratch`) are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from preprocessing.media import Spec

K = TypeVar("K", bound=Callable[..., Any])

_STATED = "between"


def temporaries(between: Callable[..., float]) -> Callable[[K], K]:
    """State what a kernel holds.

    Parameters
    ----------
    between : callable
        Takes the specs of the input and of the result, and the kernel's other arguments, if it needs
        them; gives bytes.
    """

    def state(kernel: K) -> K:
        setattr(kernel, _STATED, between)
        return kernel

    return state


def temporary_bytes(
    kernel: Callable[..., Any], before: Spec, after: Spec, arguments: tuple[Any, ...]
) -> int:
    """Return how many bytes a kernel holds besides input and result; 0 where it states nothing."""
    between: Callable[..., float] | None = getattr(kernel, _STATED, None)
    return 0 if between is None else int(between(before, after, *arguments))


def samples(spec: Any) -> int:
    """Count the samples of an array of `spec`; 0 where only the content tells."""
    return 0 if None in spec.shape else prod(spec.shape)


def pixels(spec: Any) -> int:
    """Count the pixels of an image of `spec`."""
    height, width = spec.height, spec.width
    return int(height * width)


def per_sample(count: float) -> Callable[..., float]:
    """Return the statement of so many bytes for each sample of the input."""
    return lambda before, *_: count * samples(before)


def per_pixel(count: float) -> Callable[..., float]:
    """Return the statement of so many bytes for each pixel of the input."""
    return lambda before, *_: count * pixels(before)
