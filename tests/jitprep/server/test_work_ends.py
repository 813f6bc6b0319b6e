"""What a request's thread ends with: an error fails that request only, and nothing is kept."""

from __future__ import annotations

import asyncio
import gc
import time
import weakref
from collections.abc import Iterator

import pytest

from jitprep.server.exchange import Exchange
from jitprep.server.work import Work
from jitprep.service.deadline import Deadline
from jitprep.service.request_metrics import RequestMetrics

SCOPE = {"method": "GET", "raw_path": b"/", "query_string": b"", "headers": []}


class PanicError(BaseException):
    """What pyo3 raises for a panic in Rust is no `Exception` either."""


class Original:
    """What a thread holds."""


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


async def never() -> dict[str, str]:
    await asyncio.Event().wait()
    return {}


async def fail(error: BaseException, held: list[weakref.ref[Original]]) -> RequestMetrics:
    """Answer a request whose thread raises `error`, and then one that ends well."""

    def work() -> None:
        original = Original()
        held.append(weakref.ref(original))
        raise error

    metrics, exchange = RequestMetrics(), Exchange(SCOPE, never)
    deadline = Deadline(time.monotonic() + 10)
    own = Work(1, 1)
    try:
        await own.run(work, deadline, exchange)
    except Exception as failure:
        metrics.refusal(failure)
    assert await own.run(lambda: 7, deadline, exchange) == 7
    exchange.close()
    own.close()
    return metrics


@pytest.mark.parametrize(
    "error",
    [
        *(ValueError(), MemoryError(), StopIteration(), StopAsyncIteration(), PanicError()),
        *(SystemExit(3), KeyboardInterrupt(), GeneratorExit(), asyncio.CancelledError()),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.usefixtures("no_collector")
def test_any_error_fails_its_request_at_once_and_keeps_nothing(error):
    held: list[weakref.ref[Original]] = []
    began = time.monotonic()
    metrics = asyncio.run(fail(error, held))
    assert time.monotonic() - began < 5
    expected = not isinstance(error, MemoryError)
    assert len(metrics.unexpected) == expected
    if expected:
        assert any(" work" in frame for frame in metrics.unexpected[0].traceback)
    assert [reference() for reference in held] == [None]


async def answers(held: list[weakref.ref[Original]]) -> list[bool]:
    """Answer slowly for one client, and return for each answer whether anything keeps it."""

    def work() -> Original:
        time.sleep(0.1)  # longer than an answer goes unwatched
        original = Original()
        held.append(weakref.ref(original))
        return original

    own, exchange = Work(1, 1), Exchange(SCOPE, never)
    for _ in range(3):
        await own.run(work, Deadline(time.monotonic() + 10), exchange)
    await asyncio.sleep(0.1)
    kept = [reference() is not None for reference in held]
    exchange.close()
    own.close()
    return kept


@pytest.mark.usefixtures("no_collector")
def test_an_answer_is_not_kept_until_its_client_leaves():
    assert asyncio.run(answers([])) == [False] * 3
