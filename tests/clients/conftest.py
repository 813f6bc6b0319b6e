"""An endpoint and servers for the clients to read from, and the table of invocations."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.jitprep.server.running import serving

from .invocations import Log
from .reading import Drivers
from .served import KEYS, ServerStage, lay
from .stage import WORKERS, Stage

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs/clients.json"
_WRITE = "--write-clients"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        _WRITE,
        action="store_true",
        help="rewrite docs/clients.json; without this option it must be up to date",
    )


@pytest.fixture(scope="session")
def drivers() -> Iterator[Drivers]:
    """The clients' drivers, each started when it is first used."""
    running = Drivers()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def stage_of(object_lambda_endpoint: Callable[..., Any], drivers: Drivers) -> Callable[..., Stage]:
    """Return a function that starts an endpoint whose workers run our handler."""

    def start(**worker_env: str) -> Stage:
        log = Log()
        local = object_lambda_endpoint(
            task_root=ROOT, workers=WORKERS, output=log, worker_env=worker_env
        )
        return Stage(local, log, drivers)

    return start


@pytest.fixture(scope="session")
def stage(stage_of: Callable[..., Stage]) -> Stage:
    return stage_of()


@pytest.fixture(scope="session")
def served_by(
    stage: Stage, drivers: Drivers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[int], ServerStage]]:
    """Return a function that starts a server with so many workers."""
    with ExitStack() as stack:

        def start(workers: int) -> ServerStage:
            folder = tmp_path_factory.mktemp("served")
            config = lay(folder, stage.url)
            asked = ("--config", config, "--host", "127.0.0.1")
            running = serving(folder, *asked, JITPREP_WORKERS=str(workers), **KEYS)
            return ServerStage(stack.enter_context(running), folder, drivers)

        yield start


@pytest.fixture(scope="session")
def served(served_by: Callable[[int], ServerStage]) -> ServerStage:
    """A server with one worker, so that the number of transforms is always the same."""
    return served_by(1)


@pytest.fixture(scope="session")
def served_by_two(served_by: Callable[[int], ServerStage]) -> ServerStage:
    return served_by(2)


@pytest.fixture(scope="session")
def table(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """The committed number of invocations of each cell; with --write-clients, a new table."""
    if not request.config.getoption(_WRITE, default=False):
        yield json.loads(TABLE.read_text())
        return
    yield (found := {"versions": {}, "invocations": {}})
    TABLE.write_text(json.dumps(found, indent=1) + "\n")
