"""`temporaries`: what a kernel allocates besides its result, stated beside the kernel.

Each statement is an upper bound in bytes, which tests compare with measurements. Not counted are the
input, the result, buffers of a fixed size up to a few megabytes, and `scratch` memory.
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
    """Return a decorator that states a kernel's temporaries.

    Parameters
    ----------
    between : callable
        Takes the specs of the input and the result, and the kernel's other arguments. Returns bytes.
    """

    def state(kernel: K) -> K:
        setattr(kernel, _STATED, between)
        return kernel

    return state


def temporary_bytes(
    kernel: Callable[..., Any], before: Spec, after: Spec, arguments: tuple[Any, ...]
) -> int:
    """Return the bytes of a kernel's temporaries; 0 if it states none."""
    between: Callable[..., float] | None = getattr(kernel, _STATED, None)
    return 0 if between is None else int(between(before, after, *arguments))


def samples(spec: Any) -> int:
    """Count the samples of an array of `spec`; 0 if its size is unknown."""
    return 0 if None in spec.shape else prod(spec.shape)


def pixels(spec: Any) -> int:
    """Count the pixels of an image of `spec`."""
    height, width = spec.height, spec.width
    return int(height * width)


def per_sample(count: float) -> Callable[..., float]:
    """Return a statement of `count` bytes per sample of the input."""
    return lambda before, *_: count * samples(before)


def per_pixel(count: float) -> Callable[..., float]:
    """Return a statement of `count` bytes per pixel of the input."""
    return lambda before, *_: count * pixels(before)
