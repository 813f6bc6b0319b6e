"""Chromium and the page of `jitprep play`. `make test-browser` has the environment of these tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tools.browsing import Playing, launch, playing

from . import material
from .watching import Watched, watching
from .workbench import Workbench

# A name that an attacker's DNS leads to this machine.
REBOUND = "rebound.test"
expect.set_options(timeout=10_000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A browser without a window."""
    with sync_playwright() as driver:
        try:
            started = launch(driver, f"--host-resolver-rules=MAP {REBOUND} 127.0.0.1")
        except FileNotFoundError as error:
            pytest.fail(str(error), pytrace=False)
        yield started
        started.close()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Playing]:
    """`jitprep play` on a folder with objects of each kind."""
    folder, logs = tmp_path_factory.mktemp("served") / "things", tmp_path_factory.mktemp("logs")
    material.lay(folder)
    material.tokenizer(logs)
    with playing(folder, logs, JITPREP_TOKENIZERS=str(logs)) as started:
        yield started
    written = started.errors.read_text()
    assert "Traceback" not in written, written


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A new profile of the browser, which no URL with a token was opened in."""
    made = browser.new_context(viewport={"width": 1280, "height": 900})
    made.set_default_timeout(10_000)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """An empty page, in which the watch follows what goes wrong."""
    return context.new_page()


@pytest.fixture
def watched(page: Page) -> Iterator[Watched]:
    """The watch over `page`: the test fails if a script throws, or anything cannot be loaded."""
    with watching(page) as found:
        yield found


@pytest.fixture
def bench(page: Page, watched: Watched, served: Playing) -> Workbench:
    """The page of `jitprep play`, let in by the printed URL."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=served.origin)
    admitted = page.context.request.get(served.printed)
    assert admitted.ok, admitted.text()
    return Workbench(page, served, watched)


@pytest.fixture(scope="session")
def things(served: Playing) -> Path:
    """The folder that the page shows."""
    return served.folder
