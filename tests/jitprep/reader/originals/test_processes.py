"""Readers of stores in forked and spawned processes, and where their credentials come from."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from jitprep.reader import BadObject, CannotOpen, Unavailable, open_reader
from jitprep.reader.transport import retry, stores
from tests.jitprep.service.source.stored.server import Page, WebServer, served
from tests.paths import ROOT
from tests.photos import photo

SPEC = "resize:8,8/npy"
PROGRAM = """
import json, multiprocessing, sys
import obstore
from jitprep import open_reader

def main():
    address, endpoint, method, before = json.loads(sys.argv[1])
    reader = open_reader(address, endpoint_url=endpoint, pipeline="resize:8,8/npy")
    if before == "of their own":
        obstore.put(obstore.store.MemoryStore(), "any", b"")
    elif before:
        assert list(reader.get_each(["a.jpg", "b.jpg"])) == ["a.jpg", "b.jpg"]
    with multiprocessing.get_context(method).Pool(2) as pool:
        for read in pool.map(reader.get_each, [["a.jpg", "b.jpg"]] * 4):
            print(*(row if isinstance(row, Exception) else row.sum() for row in read.values()))

if __name__ == "__main__":
    main()
"""


@pytest.fixture
def store() -> Iterator[WebServer]:
    with served() as web:
        for key in ("a.jpg", "b.jpg"):
            web.pages[f"/bucket/{key}"] = Page(photo("rocket"))
        yield web


def run(path, program: str, *arguments: object) -> list[str]:
    """Run a program, from a file that spawned children can import, and return its lines."""
    path.write_text(program)
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", path, json.dumps(arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("before", ["", "of the reader", "of their own"])
@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.parametrize("scheme", ["s3", "http"])
def test_children_read(store, tmp_path, scheme, method, before):
    """A fork takes obstore's threads away; a read would wait for them without an end."""
    address, endpoint = (
        ("s3://bucket", store.url) if scheme == "s3" else (f"{store.url}/bucket", None)
    )
    lines = run(tmp_path / "program.py", PROGRAM, address, endpoint, method, before)
    assert len(lines) == 4
    if (scheme, method) == ("http", "fork") and before:
        assert all("start processes by 'spawn' or 'forkserver'" in line for line in lines)
    else:
        there = open_reader(address, endpoint_url=endpoint, pipeline=SPEC).get("a.jpg").sum()
        assert lines == [f"{there} {there}"] * 4


def test_credentials_of_the_environment_need_no_sdk(store, tmp_path):
    program = (
        "import sys; from jitprep import open_reader\n"
        f"reader = open_reader('s3://bucket', endpoint_url={store.url!r}, pipeline={SPEC!r})\n"
        "reader.get('a.jpg')\nprint([name for name in ('boto3', 'botocore') if name in sys.modules])"
    )
    assert run(tmp_path / "program.py", program) == ["[]"]
    assert "Credential=test/" in store.requests[0][2]["authorization"]


# Prints other credentials each time, and none the first times.
COMMAND = """
import datetime, json, pathlib, sys
seen = pathlib.Path(sys.argv[1])
count = len(seen.read_text()) if seen.exists() else 0
seen.write_text("x" * (count + 1))
if count < int(sys.argv[3]):
    sys.exit("not now")
ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=int(sys.argv[2]))
made = {"Version": 1, "AccessKeyId": f"AK{count}", "SecretAccessKey": "s", "SessionToken": "t"}
print(json.dumps(made | {"Expiration": ends.isoformat()}))
"""


@pytest.fixture
def profile(monkeypatch, tmp_path) -> Iterator[Callable[[int, int], None]]:
    """Return a function that configures a profile, by the lifetime and the failures of its program."""

    def configure(lifetime_s: int, failures: int = 0) -> None:
        (tmp_path / "command.py").write_text(COMMAND)
        command = f"{sys.executable} {tmp_path}/command.py {tmp_path}/seen {lifetime_s} {failures}"
        (tmp_path / "config").write_text(
            f"[profile trainer]\nregion = eu-west-2\ncredential_process = {command}\n"
        )
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
            monkeypatch.delenv(name)
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
        monkeypatch.setenv("AWS_PROFILE", "trainer")

    stores.forget_stores()
    yield configure
    stores.forget_stores()


def keys_used(store: WebServer) -> list[str]:
    found = [headers["authorization"].partition("Credential=")[2] for *_, headers in store.requests]
    return [text.partition("/")[0] for text in found]


def test_a_profile_is_found_once(store, profile):
    profile(3600)
    reader = open_reader("s3://bucket", endpoint_url=store.url, pipeline=SPEC)
    for seed in range(3):
        reader.with_seed(seed).get_batch(["a.jpg", "b.jpg"])
    reader.get("a.jpg")
    assert set(keys_used(store)) == {"AK0"}
    assert "/eu-west-2/s3/" in store.requests[0][2]["authorization"]


def test_credentials_that_expire_are_renewed(store, profile):
    profile(20)  # less than obstore and the SDK want them to have left
    reader = open_reader("s3://bucket", endpoint_url=store.url, pipeline=SPEC)
    for _ in range(3):
        reader.get("a.jpg")
        time.sleep(0.2)  # obstore asks no sooner
    used = keys_used(store)
    assert used[0] < used[1] < used[2]


def test_credentials_are_used_once_they_exist(store, profile, pauses):
    profile(3600, failures=2)
    open_reader("s3://bucket", endpoint_url=store.url, pipeline=SPEC).get("a.jpg")
    assert keys_used(store) == ["AK2"]


def test_missing_credentials_are_temporary(store, profile, pauses, monkeypatch):
    profile(3600, failures=99)
    reader = open_reader("s3://bucket", endpoint_url=store.url, pipeline=SPEC)
    monkeypatch.setattr(retry, "TRIES", 2)
    for ask in (lambda: reader.get("a.jpg"), lambda: list(reader.keys())):
        with pytest.raises(Unavailable, match="not now") as caught:
            ask()
        assert caught.value.code == "NoCredentials"
    monkeypatch.delenv("AWS_PROFILE")
    with pytest.raises(Unavailable, match="no AWS credentials are found; set AWS_ACCESS_KEY_ID"):
        reader.get("a.jpg")
    assert store.requests == []


def test_a_later_error_is_not_blamed_on_missing_credentials(store, profile, pauses, monkeypatch):
    profile(3600, failures=99)
    monkeypatch.setattr(retry, "TRIES", 1)
    reader = open_reader("s3://bucket", endpoint_url=store.url, pipeline=SPEC)
    read = reader.get_each(["a.jpg", "b.jpg"])
    assert {type(error) for error in read.values()} == {Unavailable}
    by_http = open_reader(f"{store.url}/bucket", pipeline=SPEC)
    with pytest.raises(BadObject, match="NoSuchKey"):
        by_http.get("none.jpg")


def test_a_profile_that_is_missing_is_named(store, profile, monkeypatch):
    profile(3600)
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(CannotOpen, match="nobody"):
        open_reader("s3://bucket", endpoint_url=store.url, pipeline=SPEC).get("a.jpg")
