"""A test fails if the page's script throws, whatever the test itself asserts."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route

from tools.browsing import Playing

from .watching import watching
from .workbench import Workbench

_PAGE = "http://page.test/"
FAULTS = {
    "an error": ("throw new Error('torn')", "script: torn"),
    "a rejection": ("Promise.reject(new Error('torn'))", "script: torn"),
    "a later error": ("setTimeout(() => { throw new Error('torn') }, 10)", "script: torn"),
    "a line in the console": ("console.error('torn')", "console: torn"),
    "an answer": ("fetch('missing')", "404 of http://page.test/missing"),
    "a request": ("fetch('unreachable').catch(() => {})", "net::ERR_FAILED of"),
    "a style": (
        "document.body.setAttribute('style', 'color: red')",
        "policy violated: style-src-attr inline",
    ),
    "a foreign image": ("new Image().src = 'http://other.test/a.png'", "policy violated: img-src"),
    "a dialog": ("alert('torn')", "dialog: torn"),
}


def _serve(page: Page, script: str) -> None:
    """Serve a page with this script, under a policy such as ours."""

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(_PAGE)
        policy = {"Content-Security-Policy": "default-src 'self'"}
        if path == "unreachable":
            route.abort()
        elif path == "script.js":
            route.fulfill(body=script, content_type="text/javascript")
        elif path in {"", "favicon.ico"}:
            body = "<!doctype html><script type=module src=script.js></script>"
            route.fulfill(body=body, content_type="text/html", headers=policy)
        else:
            route.fulfill(status=404, body="nothing")

    page.route(f"{_PAGE}**", answer)


@pytest.mark.parametrize(("script", "expected"), FAULTS.values(), ids=FAULTS)
def test_it_finds(page: Page, script: str, expected: str) -> None:
    _serve(page, script)
    with pytest.raises(AssertionError) as found, watching(page):
        page.goto(_PAGE, wait_until="networkidle")
    assert expected in str(found.value)


def test_it_finds_nothing_on_a_good_page(page: Page) -> None:
    _serve(page, "document.body.textContent = 'good'")
    with watching(page):
        page.goto(_PAGE)


def test_a_script_of_ours_that_throws_is_found(page: Page, served: Playing) -> None:
    """As it would if a module of the page had a fault."""

    def spoil(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=f"{answer.text()}\nundefinedName();\n")

    page.route("**/js/main.js", spoil)
    page.context.request.get(served.printed)
    with pytest.raises(AssertionError, match="undefinedName"), watching(page) as watched:
        Workbench(page, served, watched).open()
