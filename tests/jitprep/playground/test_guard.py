"""Who is let in, and what a page may load."""

from __future__ import annotations

import pytest

from jitprep.playground.desk import Asset

from .browser import ADDRESS, Browser
from .material import playground


@pytest.mark.parametrize("path", ["/_play/", "/_play/js/main.js", "/_play/api/session"])
def test_nobody_is_let_in_without_the_token(path):
    answer = Browser(let_in=False).get(path)
    assert answer.status_code == 403
    assert "open the URL that the command printed" in answer.text


def test_a_wrong_token_lets_nobody_in():
    client = Browser(let_in=False)
    assert client.get(f"/_play/?token={client.token[:-1]}x").status_code == 403
    assert client.get("/_play/?token=%ff").status_code == 403
    client.cookies.set("jitprep_play_7600", "a guess", path="/_play")
    assert client.get("/_play/").status_code == 403


def test_the_token_leaves_the_address_and_the_rest_of_it_stays():
    client = Browser(let_in=False)
    answer = client.get(f"/_play/?key=a%20b&token={client.token}&seed=3")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/_play/?key=a+b&seed=3"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/_play" in cookie
    assert client.get("/_play/api/session").status_code == 200


def test_the_page_has_a_slash_at_its_end():
    """Its own URLs are relative to it. Those in log lines may have none."""
    answer = Browser().get("/_play?key=a%26b")
    assert (answer.status_code, answer.headers["location"]) == (307, "/_play/?key=a%26b")


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:7600", "127.0.0.1.evil.example", ""]
)
def test_a_name_that_leads_here_is_not_let_in(host):
    """As DNS rebinding makes another site's."""
    assert Browser().get("/_play/", headers={"Host": host}).status_code == 421


@pytest.mark.parametrize("host", ["localhost:7600", "LOCALHOST", "[::1]:7600", "192.0.2.7:7600"])
def test_addresses_and_localhost_are(host):
    client = Browser(let_in=False)
    answer = client.get(f"/_play/?token={client.token}", headers={"Host": host})
    assert answer.status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1:7601"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_site_asks_for_nothing(headers):
    client = Browser()
    for name in ("pipeline", "uploads", "look"):
        answer = client.post(name, {}, headers=headers)
        assert answer.status_code == 403
    assert client.get("/_play/api/session", headers=headers).status_code == 403


def test_the_page_itself_asks():
    headers = {"Origin": ADDRESS, "Sec-Fetch-Site": "same-origin"}
    assert Browser().post("uploads?name=a", headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["", "js/main.js", "nothing", "api/session", "api/nothing"])
def test_every_answer_says_what_a_page_may_load(path):
    for client in (Browser(), Browser(let_in=False)):
        answer = client.get(f"/_play/{path}")
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        "..%2fguard.py",
        "js/..%2f..%2fguard.py",
        "%2e%2e/%2e%2e/places.py",
        "%2fetc%2fpasswd",
        "js%00",
        "a" * 5000,
        "..%5cguard.py",
    ],
)
def test_only_the_pages_files_are_sent(path):
    answer = Browser().get(f"/_play/{path}")
    assert answer.status_code == 404
    assert "root:" not in answer.text
    assert "import" not in answer.text


def test_what_was_put_aside_is_not_opened_as_a_page():
    """An SVG or a sound may be anyone's."""
    made = playground()
    client, name = Browser(made), made.desk.put(Asset(b"<script>", "image/svg+xml"))
    answer = client.get(f"/_play/api/assets/{name}")
    assert answer.headers["content-disposition"] == "attachment"
    assert client.get("/_play/api/assets/0123456789abcdef").status_code == 404


def test_a_browser_that_is_let_in_stays_on_this_server():
    client = Browser(let_in=False)
    answer = client.get(f"{ADDRESS}//evil.example/?token={client.token}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/evil.example/")
