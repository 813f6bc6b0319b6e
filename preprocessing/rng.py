"""Reproducible random numbers for random transforms: `Seed` and `Draws`.

The numbers come from SHA-256 in counter mode, keyed by what identifies a result: the pipeline's
fingerprint, the source's ETag and key, and the request's seed. No library's generator is used, because
its stream may change with its version. Each step has a stream of its own, so its draws do not depend on
how many numbers the steps before it drew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from preprocessing.media import Content

_T = TypeVar("_T")
# The largest number that a seed may have: what a signed integer of 64 bits can hold.
LARGEST_SEED = 2**63 - 1
_PIECE = 2**20


@frozen
class Seed:
    """Seed of random transforms: together with the pipeline it determines every draw.

    Parameters
    ----------
    number : int
        The request's ``seed``. Pass a new one for each epoch.
    key : str
        The object's key.
    etag : str, optional
        The source's ETag, in quotes. The default is the MD5 of the source, which is the ETag that S3
        assigns to an object uploaded in one part.

    Examples
    --------
    >>> import numpy as np
    >>> from preprocessing import Pipeline, Seed
    >>> p = Pipeline.parse("random_crop:8")
    >>> image = np.arange(768, dtype=np.uint8).reshape(16, 16, 3)
    >>> first, again = (p(image, seed=Seed(1, key="train/cat.jpg")) for _ in range(2))
    >>> np.array_equal(first, again)
    True
    """

    number: int = 0
    key: str = ""
    etag: str | None = None

    def of(self, content: Content) -> Seed:
        """Return this seed with its ETag set. If it had none, all of the content is read."""
        if self.etag is not None:
            return self
        digest = hashlib.md5(usedforsecurity=False)
        for part in _parts(content):
            digest.update(part)
        return replace(self, etag=f'"{digest.hexdigest()}"')


def _parts(content: Content) -> Iterator[bytes | memoryview]:
    if isinstance(content, bytes):
        yield content
    elif isinstance(content, np.ndarray):
        yield np.ascontiguousarray(content).data
    else:
        for start in range(0, content.size, _PIECE):
            yield content.read_at(start, min(_PIECE, content.size - start))


class Draws:
    """One stream of random numbers: what a `Step` is given as `rng`.

    Parameters
    ----------
    identity : bytes
        Determines the stream.
    """

    def __init__(self, identity: bytes) -> None:
        self._key = hashlib.sha256(identity).digest()
        self._count = 0

    @classmethod
    def of(cls, fingerprint: str, seed: Seed) -> Draws:
        """Return the stream of one request."""
        parts = (fingerprint, seed.etag or "", seed.key, str(seed.number))
        return cls(b"".join(len(p).to_bytes(8, "big") + p for p in map(str.encode, parts)))

    def fork(self, index: int) -> Draws:
        """Return the stream of step `index`, independent of all others.

        A step at place p of view v, from 0, of the section that begins at place s has the stream
        ``request.fork(s).fork(v).fork(p)``; any other step has ``request.fork(p)``.
        """
        return Draws(self._key + index.to_bytes(8, "big"))

    def uniform(self, low: float, high: float) -> float:
        """Return a number from `low` to `high`. From 0 to 1, it is below 1."""
        # Rounding may move the sum one unit past `high`, which a step would refuse.
        return min(low + (high - low) * (self._word() >> 11) * 2.0**-53, high)

    def integer(self, low: int, high: int) -> int:
        """Return an integer from `low` to `high`, both included."""
        # The modulo's bias is below 2**-48 for any range of pixels.
        return low + self._word() % (high - low + 1)

    def chance(self, p: float) -> bool:
        """Return True with probability `p`."""
        return self.uniform(0.0, 1.0) < p

    def pick(self, choices: Sequence[_T]) -> _T:
        """Return one of `choices`, all equally likely."""
        return choices[self.integer(0, len(choices) - 1)]

    def shuffled(self, items: Sequence[_T]) -> list[_T]:
        """Return `items` in random order (R. Durstenfeld, "Algorithm 235", 1964)."""
        result = list(items)
        for last in range(len(result) - 1, 0, -1):
            other = self.integer(0, last)
            result[last], result[other] = result[other], result[last]
        return result

    def uniforms(self, *shape: int) -> NDArray[np.float64]:
        """Return an array of numbers from 0 to 1, which is excluded, in a new stream (SHAKE-256).

        It draws one number of this stream, whatever the shape. A number is a multiple of 2**-53.
        """
        identity = self._key + self._word().to_bytes(8, "big")
        stream = hashlib.shake_256(identity)
        words = np.frombuffer(stream.digest(8 * prod(shape)), ">u8").astype(np.uint64)
        words >>= np.uint64(11)
        return np.multiply(words, 2.0**-53, dtype=np.float64).reshape(shape)

    def _word(self) -> int:
        block = hashlib.sha256(self._key + self._count.to_bytes(8, "big")).digest()
        self._count += 1
        return int.from_bytes(block[:8], "big")
