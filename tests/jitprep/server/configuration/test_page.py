"""The page of a server: where it is on, what it reads, and by whom."""

from __future__ import annotations

import re
import socket

import httpx
import pytest

from jitprep.server.configuration.settings import ServerSettings

from ..running import serving


def printed_page(server):
    (url,) = re.findall(r"^page: (\S+)$", server.errors_file.read_text(), re.MULTILINE)
    return url


def configured(folder, mounted, *lines):
    path = folder / "jitprep.toml"
    mount = f'[mounts.photos]\nsource = "{mounted}"\npipeline = "resize:8,8/npy"\n'
    path.write_text("".join(f"{line}\n" for line in lines) + mount)
    return path


def test_a_server_has_no_page_unless_it_is_asked_for(tmp_path, photographs):
    with serving(tmp_path, photographs, "--pipeline", "npy") as server:
        assert "page:" not in server.errors_file.read_text()
        assert server.ask("/_play/").error == (403, "AccessDenied")


@pytest.mark.parametrize("by", ["option", "setting"])
def test_the_page_reads_mounts_with_its_token_alone(tmp_path, photographs, by):
    """A mount that needs a key too."""
    lines = ["play = true"] if by == "setting" else []
    arguments = ["--config", configured(tmp_path, photographs, *lines), "--host", "127.0.0.1"]
    with serving(tmp_path, *arguments, *(["--play"] if by == "option" else [])) as server:
        page = printed_page(server)
        assert page.startswith(f"{server.url}/_play/?token=")
        assert server.ask("/_play/api/session").status == 403
        assert server.ask("/photos/rocket.jpg").status == 403
        with httpx.Client(follow_redirects=True, timeout=60) as client:
            assert "<title>jitprep play</title>" in client.get(page).text
            places = client.get(f"{server.url}/_play/api/session").json()["places"]
            assert places == [{"name": "photos", "url": str(photographs)}]
            query = {"place": "photos", "search": "rock"}
            keys = client.get(f"{server.url}/_play/api/objects", params=query).json()["keys"]
            assert [each["key"] for each in keys] == ["rocket.jpg"]
        assert len(server.workers) == 1


def test_the_token_is_none_of_the_log(tmp_path, photographs):
    with serving(tmp_path, photographs, "--pipeline", "npy", "--play") as server:
        page = printed_page(server)
        assert httpx.get(page, follow_redirects=True).status_code == 200
        assert server.ask("/nothing").status == 403
        assert page.partition("token=")[2] not in server.log_file.read_text()


def test_a_bucket_of_a_domain_may_have_such_a_key(tmp_path, photographs):
    lines = ["play = true", 'domain = "data.test"']
    arguments = ["--config", configured(tmp_path, photographs, *lines), "--host", "127.0.0.1"]
    with serving(tmp_path, *arguments) as server:
        answer = server.ask("/_play/x", headers={"Host": "photos.data.test"})
        assert answer.error == (403, "AccessDenied")
        named = server.ask("/_play/", headers={"Host": "data.test"})
        assert b"open the URL that the command printed" in named.body


@pytest.mark.parametrize("workers", [2, 16])
def test_more_workers_are_refused(own_settings, tmp_path, photographs, workers):
    path = configured(tmp_path, photographs, "play = true", f"workers = {workers}")
    own_settings.setenv("JITPREP_CONFIG", str(path))
    with pytest.raises(ValueError, match=r"play needs one worker.* leave .*workers out, or set it"):
        ServerSettings.read()


def test_without_a_number_there_is_one_worker(own_settings, tmp_path, photographs):
    own_settings.setenv("JITPREP_CONFIG", str(configured(tmp_path, photographs, "play = true")))
    settings = ServerSettings.read()
    assert (settings.play, settings.workers) == (True, 1)
    own_settings.setenv("JITPREP_PLAY", "false")
    assert not ServerSettings.read().play


def test_play_is_true_or_false(own_settings, tmp_path, photographs):
    own_settings.setenv("JITPREP_CONFIG", str(configured(tmp_path, photographs, 'play = "yes"')))
    with pytest.raises(ValueError, match="play must be true or false, got 'yes'"):
        ServerSettings.read()


def test_a_server_that_ends_does_not_wait_for_the_page(tmp_path, photographs):
    """An upload that never arrives would hold it for ever."""
    with (
        serving(tmp_path, photographs, "--pipeline", "npy", "--play") as server,
        httpx.Client(follow_redirects=True, timeout=60) as client,
    ):
        client.get(printed_page(server))
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        head = (
            f"POST /_play/api/uploads?name=x HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
            f"Cookie: {cookies}\r\nContent-Length: 1000\r\n\r\nabc"
        )
        with socket.create_connection(("127.0.0.1", server.port)) as sock:
            sock.sendall(head.encode())
            client.get(f"{server.url}/_play/api/session")  # so that the upload has begun
            assert server.stop() == 0
