"""`jitprep play` in a process: what it prints, what it serves, and how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

import httpx
import pytest

from .command_line import JITPREP, jitprep
from .test_extras import FOREIGN, run_without

# What is not needed for a page of folders.
_OTHERS = tuple({*FOREIGN, "skimage"} - {"starlette", "uvicorn"})


@contextmanager
def playing(*arguments, command=(JITPREP,), **environment):
    """Run the command; yield the process and what it printed."""
    names = {name: text for name, text in os.environ.items() if not name.startswith("JITPREP_")}
    process = subprocess.Popen(
        [*command, "play", "--port", "0", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**names, **environment},
        cwd=environment.pop("PWD", None),
    )
    try:
        assert process.stdout is not None
        lines = []
        while not lines or "stop" not in lines[-1]:
            lines.append(process.stdout.readline())
            assert lines[-1], process.communicate()[1]
        yield process, "".join(lines)
    finally:
        process.terminate()  # so that it removes its files
        process.communicate(timeout=20)


@contextmanager
def opened(printed):
    """Yield a client that opened the printed URL."""
    with httpx.Client(follow_redirects=True, timeout=60) as client:
        answer = client.get(re.search(r"http://\S+", printed)[0])
        assert answer.status_code == 200
        client.base_url = answer.url
        yield client


def test_it_serves_a_folder_and_ends_quietly(folder):
    with playing(folder) as (process, printed):
        url, place, _ = printed.splitlines()
        assert re.fullmatch(r"open http://127\.0\.0\.1:\d+/_play/\?token=[\w-]{20,}", url)
        assert place.split() == [folder.name, str(folder)]
        with opened(printed) as client:
            page = client.get("")
            assert "<title>jitprep play</title>" in page.text
            assert "server" not in page.headers
            query = {"place": folder.name, "search": "coffee"}
            keys = client.get("api/objects", params=query).json()["keys"]
            assert [each["key"] for each in keys] == ["deeper/coffee.jpg"]
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "stopped\n", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_was_dropped_is_removed_at_the_end(folder, tmp_path, number):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with playing(folder, TMPDIR=str(temporary)) as (process, printed):
        with opened(printed) as client:
            body = bytes(10**6)
            sent = client.post("api/uploads", params={"name": "../x"}, content=body).json()
            assert sent["nbytes"] == len(body)
        assert [path.stat().st_size for path in temporary.rglob(sent["upload"])] == [len(body)]
        process.send_signal(number)
        process.communicate(timeout=10)
    assert list(temporary.iterdir()) == []


def test_a_file_beyond_the_limit_is_refused(folder):
    with (
        playing(folder, JITPREP_MAX_BYTES="1000000") as (_, printed),
        opened(printed) as client,
    ):
        answer = client.post("api/uploads", content=bytes(1_500_000))
        assert answer.json()["error"]["code"] == "ObjectTooLarge"


def peak_mb(process):
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1000


def test_100_mb_are_streamed_to_the_disk(folder):
    def pieces():
        for _ in range(1600):
            yield bytes(2**16)

    with playing(folder) as (process, printed), opened(printed) as client:
        client.get("api/session")
        before = peak_mb(process)
        sent = client.post("api/uploads?name=large", content=pieces()).json()
        assert sent["nbytes"] == 1600 * 2**16
        assert peak_mb(process) - before < 50


def cpu_s(process):
    status = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, status[11:13])) / os.sysconf("SC_CLK_TCK")


def test_a_sheet_stops_when_its_reader_leaves(tmp_path, photos):
    for number in range(200):
        (tmp_path / f"{number:03}.jpg").write_bytes(photos["retina.jpg"])
    asked = {"place": tmp_path.name, "pipeline": "resize:1500,1500/npy"}
    with playing(tmp_path) as (process, printed), opened(printed) as client:
        with client.stream("POST", "api/sheet", json=asked) as answer:
            lines = answer.iter_lines()
            assert json.loads(next(lines)) == {"total": 200}
            assert json.loads(next(lines))["error"] is None
        left, before = cpu_s(process), -1.0
        while cpu_s(process) - before > 0.05:
            before = cpu_s(process)
            time.sleep(1)
        assert before - left < 2  # of about a minute


def test_without_places_it_serves_mounts_and_samples(folder, tmp_path):
    (tmp_path / "jitprep.toml").write_text(
        f'[mounts.photos]\nsource = "{folder}"\npipeline = "npy"\n[presets]\nmine = "grayscale/png"\n'
    )
    with playing(PWD=str(tmp_path)) as (_, printed), opened(printed) as client:
        session = client.get("api/session").json()
        assert [place["name"] for place in session["places"]] == ["photos", "samples"]
        assert {"name": "mine", "pipeline": "grayscale/png"} in session["presets"]
        keys = client.get("api/objects", params={"place": "samples"}).json()["keys"]
        assert "rocket.jpg" in [each["key"] for each in keys]


def test_presets_of_a_file_are_offered(folder, tmp_path):
    presets = tmp_path / "presets.toml"
    presets.write_text('default = "mine"\n[presets]\nmine = "grayscale/png"\n')
    with playing(folder, "--presets", presets) as (_, printed), opened(printed) as client:
        assert client.get("api/session").json()["presets"] == [
            {"name": "mine", "pipeline": "grayscale/png"}
        ]


def test_places_of_one_name_are_told_apart(folder):
    with playing(folder, folder / "deeper", folder / "deeper") as (_, printed):
        names = [line.split()[0] for line in printed.splitlines()[1:-1]]
    assert names == [folder.name, "deeper", "deeper-2"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "is not a folder"),
        (["ftp://host/path"], "ftp:// is not a source"),
        (["s3://"], "the name of a bucket"),
        ([__file__], "name the folder that it is in"),
        ([str(Path(__file__).parent), "--endpoint-url", "http://x"], "leave it out"),
        (["--port", "70000"], "a port is a number from 0 to 65535"),
        (["--host", "192.0.2.1"], "check --host"),
        ([str(Path(__file__).parent), "--port", "0", "--presets", "nowhere.toml"], "nowhere.toml"),
    ],
)
def test_a_wrong_argument_is_one_line(arguments, message):
    done = jitprep("play", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


def test_a_missing_extra_is_one_line():
    done = run_without(FOREIGN, "play")
    assert done.returncode == 2
    assert "pip install 'jitprep[play]'" in done.stderr


def test_a_folder_needs_the_extra_play_alone(folder):
    program = (
        f"import sys\nsys.modules.update(dict.fromkeys({_OTHERS!r}))\n"
        "from jitprep.cli.main import main\nmain()"
    )
    with (
        playing(folder, command=(sys.executable, "-c", program)) as (_, printed),
        opened(printed) as client,
    ):
        query = {"place": folder.name}
        assert client.get("api/objects", params=query).json()["prefixes"] == ["deeper/"]


def work(client, question):
    """Begin what lasts longer than the test, and do not wait for it."""

    def pieces():
        while True:
            yield bytes(1000)
            time.sleep(0.01)

    with suppress(httpx.TransportError):
        if question == "uploads":
            client.post("api/uploads?name=x", content=pieces())
        else:
            asked = {"place": "photos", "pipeline": "resize:3000,3000/gaussian_blur:51/npy"}
            source = {"place": "photos", "key": "000.jpg"}
            client.post(f"api/{question}", json={**asked, "source": source})


@pytest.mark.parametrize(
    ("number", "question"),
    [
        (signal.SIGINT, "draws"),
        (signal.SIGINT, "sheet"),
        (signal.SIGINT, "uploads"),
        (signal.SIGTERM, "sheet"),
    ],
)
def test_it_ends_at_once_whatever_is_under_way(tmp_path, photos, question, number):
    folder, temporary = tmp_path / "photos", tmp_path / "temporary"
    folder.mkdir()
    temporary.mkdir()
    for place in range(20):
        (folder / f"{place:03}.jpg").write_bytes(photos["retina.jpg"])
    with playing(folder, TMPDIR=str(temporary)) as (process, printed), opened(printed) as client:
        client.get("api/session")
        working = Thread(target=work, args=(client, question))
        working.start()
        time.sleep(1)
        assert working.is_alive()
        before = cpu_s(process)
        process.send_signal(number)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert cpu_s(process) - before < 1.5  # of minutes
        out, err = process.communicate()
        working.join()
    status = {signal.SIGINT: (0, "stopped\n"), signal.SIGTERM: (143, "")}[number]
    assert ((process.returncode, out), err) == (status, "")
    assert list(temporary.iterdir()) == []


def test_a_wrong_variable_is_one_line(folder, monkeypatch):
    monkeypatch.setenv("JITPREP_MAX_BYTES", "much")
    done = jitprep("play", folder, "--port", "0")
    assert (done.returncode, done.stdout) == (2, "")
    assert "JITPREP_MAX_BYTES" in done.stderr
    assert done.stderr.count("\n") == 1
