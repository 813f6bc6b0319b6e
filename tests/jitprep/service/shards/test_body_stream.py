"""A body that is made while it is sent is given up in any case, also while a piece is made."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jitprep.service.shards.body_stream import BodyStream
from preprocessing.cancellation import Cancelled


class Made:
    """A stream whose client leaves while its first piece is made."""

    def __init__(self, error: BaseException | None) -> None:
        self.closed = 0
        self.body = BodyStream(self._pieces(error), self._close)

    def _pieces(self, error: BaseException | None) -> Iterator[bytes]:
        self.body.close()
        assert self.closed == 0  # what the piece is made of is still needed
        if error is not None:
            raise error
        yield b"piece"

    def _close(self) -> None:
        self.closed += 1


def test_a_piece_under_way_is_finished_first() -> None:
    made = Made(None)
    assert next(made.body) == b"piece"
    assert made.closed
    assert next(made.body, None) is None


@pytest.mark.parametrize("error", [ValueError("damaged"), Cancelled()])
def test_a_piece_that_fails_is_given_up_too(error: BaseException) -> None:
    made = Made(error)
    with pytest.raises(type(error)):
        next(made.body)
    assert made.closed
