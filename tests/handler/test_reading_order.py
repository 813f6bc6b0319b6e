"""The list in `handler.app`'s docstring: the files that one GetObject enters."""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from handler import app
from jitprep.service import thread_pools

from ..paths import ROOT
from ..photos import photo
from ..scripted_s3 import Answer, Context

OURS = tuple(f"{ROOT / package}/" for package in ("handler", "jitprep/service"))
# HTTP itself, and what the scripted S3, a server of Python's, reads requests with.
ASIDE = tuple(
    str(ROOT / "jitprep/service" / name)
    for name in ("http_client/", "http/http_date.py", "http/whole_heads.py")
)
# The headers that S3 sends with any object.
HEADERS = {
    "Content-Type": "image/jpeg",
    "Last-Modified": "Wed, 12 Oct 2022 17:50:00 GMT",
    "Accept-Ranges": "bytes",
    "x-amz-server-side-encryption": "AES256",
    "x-amz-request-id": "request",
}


def listed() -> list[str]:
    return re.findall(r"^\d+\. +``(\S+)``", app.__doc__ or "", re.MULTILINE)


@contextmanager
def entered(monkeypatch: Any) -> Iterator[set[str]]:
    """Collect the files whose functions are called, in every thread that works on the request."""
    files: set[str] = set()

    def profile(frame: FrameType, what: str, _: object) -> None:
        name = frame.f_code.co_filename
        if what == "call" and name.startswith(OURS) and not name.startswith(ASIDE):
            files.add(name.removeprefix(f"{ROOT}/"))

    # Threads of earlier requests would not be traced.
    monkeypatch.setattr(thread_pools, "_threads", thread_pools.WorkThreads())
    threading.setprofile(profile)
    sys.setprofile(profile)
    try:
        yield files
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def test_one_read_enters_just_the_files_of_the_list(s3, monkeypatch):
    s3.answer = Answer(headers=HEADERS, body=photo("rocket"))
    warm_up, traced = (
        s3.event(json.dumps({"spec": f"resize:{side}/npy"})) for side in ("8,8", "9,9")
    )
    app.lambda_handler(warm_up, Context())  # as the initialisation of a function's process does
    with entered(monkeypatch) as files:
        app.lambda_handler(traced, Context())
    assert s3.written[-1].status == 200
    assert files == set(listed())


def test_the_list_is_short_and_its_files_exist():
    assert len(listed()) == len(set(listed())) <= 19
    assert all((ROOT / name).is_file() for name in listed())


def test_a_request_for_a_range_enters_one_more_file(s3, monkeypatch):
    """The trace sees the additional file of a request for a range."""
    s3.answer = Answer(headers=HEADERS, body=photo("rocket"))
    event = s3.event(json.dumps({"spec": "resize:8,8/npy"}), headers={"Range": "bytes=0-3"})
    app.lambda_handler(event, Context())
    with entered(monkeypatch) as files:
        app.lambda_handler(event, Context())
    assert "jitprep/service/http/ranges.py" in files
