"""Who is let in: a browser that opened the printed URL, and nobody else."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tools.browsing import Playing

from .conftest import REBOUND
from .watching import Watched
from .workbench import Workbench

# What a page of another site tries: to ask, to ask blindly, and to read what it embeds.
ATTACKS = {
    "fetch": "fetch(URL, {credentials: 'include'}).then((answer) => answer.text())",
    "post": "fetch(URL, {method: 'POST', body: '{}', credentials: 'include'}).then((r) => r.text())",
    "script": """new Promise((resolve, reject) => {
        const script = document.createElement('script');
        script.src = URL; script.onload = resolve; script.onerror = () => reject(Error('refused'));
        document.head.append(script);
    })""",
}


def test_the_printed_url_lets_in_and_leaves_no_token_in_the_address(
    page: Page, watched: Watched, served: Playing
) -> None:
    page.goto(served.printed)
    expect(page.get_by_role("textbox", name="Pipeline")).to_be_visible()
    assert "token" not in page.url


@pytest.mark.parametrize("path", ["", "api/session", "js/main.js"])
def test_a_browser_without_the_token_is_refused(
    page: Page, watched: Watched, served: Playing, path: str
) -> None:
    watched.refusals.add(403)
    answer = page.goto(served.address() + path)
    assert answer and answer.status == 403
    expect(page.locator("body")).to_contain_text("open the URL that the command printed")


def test_the_token_of_another_run_is_refused(page: Page, watched: Watched, served: Playing) -> None:
    watched.refusals.add(403)
    answer = page.goto(served.printed.partition("token=")[0] + "token=of-another-run")
    assert answer and answer.status == 403
    expect(page.locator("body")).to_contain_text("of another run")


def test_a_name_that_was_made_to_lead_here_is_refused(
    page: Page, watched: Watched, served: Playing
) -> None:
    """As DNS rebinding does: the attacker's page is then of the origin that it asks."""
    watched.refusals.add(421)
    url = urlsplit(served.printed)
    answer = page.goto(url._replace(netloc=f"{REBOUND}:{url.port}").geturl())
    assert answer and answer.status == 421
    watched.problems.clear()  # the browser remarks that the name is not of this machine


@pytest.mark.parametrize("host", ["", "other.test", "127.0.0.1.other.test", "127.0.0.1@other.test"])
def test_another_host_is_refused(served: Playing, host: str) -> None:
    url = urlsplit(served.printed)
    connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=10)
    connection.putrequest("GET", f"{url.path}?{url.query}", skip_host=True)
    connection.putheader("Host", host)
    connection.endheaders()
    assert connection.getresponse().status in {400, 421}
    connection.close()


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_a_page_of_another_site_reads_nothing(bench: Workbench, attack: str) -> None:
    """It runs in the browser that was let in."""
    bench.page.route("http://other.test/", _foreign)
    bench.page.goto("http://other.test/")
    tried = attack.replace("URL", repr(bench.served.address() + "api/session"))
    found = bench.page.evaluate(f"{tried}.then((text) => `read ${{text}}`, (error) => 'refused')")
    assert found == "refused"
    bench.watched.problems.clear()  # the browser reports what it refused


def test_no_page_of_another_site_embeds_it(bench: Workbench) -> None:
    bench.page.route("http://other.test/", _foreign)
    bench.page.goto("http://other.test/")
    bench.page.evaluate(
        """async (url) => {
            const frame = document.createElement('iframe');
            frame.src = url;
            const loaded = new Promise((resolve) => { frame.onload = resolve; });
            document.body.append(frame);
            await loaded;
        }""",
        bench.served.address(),
    )
    (frame,) = bench.page.main_frame.child_frames
    assert frame.get_by_role("textbox").count() == 0
    bench.watched.problems.clear()


def _foreign(route: Route) -> None:
    route.fulfill(
        body="<!doctype html><title>other</title><p>another site", content_type="text/html"
    )
