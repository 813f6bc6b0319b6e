"""A page of a listing is what S3 would list of the same keys, whatever holds them."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus
from xml.etree import ElementTree as ET

import obstore
import pytest
from hypothesis import given
from hypothesis import strategies as st
from obstore.store import MemoryStore

from jitprep.service.errors import RequestFailed
from jitprep.service.listing import derive
from jitprep.service.source.stored.folder import Folder
from jitprep.service.source.stored_listing import list_stored
from jitprep.service.source.stores import SourceUrl
from preprocessing import Pipeline

SPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"
Keys = tuple[frozenset[str], list[str]]

names = st.text("ab-.0é\U0001f600\uffee", min_size=1, max_size=3).filter(lambda n: n[0] != ".")
paths = st.lists(names, min_size=1, max_size=3).map("/".join)
prefixes = st.one_of(paths, paths.map(lambda path: f"{path}/"), st.just(""))
delimiters = st.sampled_from(["", "/", "a", "b/", "-", "a/b"])


def without_conflicts(keys: list[str]) -> list[str]:
    """A folder cannot have a file and a subfolder of one name."""
    folders = {key[:at] for key in keys for at, letter in enumerate(key) if letter == "/"}
    return [key for key in keys if key not in folders]


trees = st.lists(paths, max_size=12, unique=True).map(without_conflicts)


def named(keys: list[str], prefix: str, delimiter: str) -> list[tuple[str, bool]]:
    """The model: the sorted keys and common prefixes, and which of them is which."""
    found = set()
    for key in keys:
        if key.startswith(prefix):
            at = key.find(delimiter, len(prefix)) if delimiter else -1
            found.add((key, False) if at < 0 else (key[: at + len(delimiter)], True))
    return sorted(found, key=lambda pair: pair[0].encode())


def parsed(xml: bytes) -> tuple[list[tuple[str, bool]], Mapping[str, str]]:
    root = ET.fromstring(xml)
    fields = {element.tag.removeprefix(SPACE): element.text or "" for element in root}
    found = [(e.findtext(f"{SPACE}Key") or "", False) for e in root.iter(f"{SPACE}Contents")]
    found += [(e[0].text or "", True) for e in root.iter(f"{SPACE}CommonPrefixes")]
    if fields.get("EncodingType") == "url":
        found = [(unquote_plus(key), group) for key, group in found]
    return sorted(found, key=lambda pair: pair[0].encode()), fields


def folder_of(keys: list[str], top: Path) -> tuple[SourceUrl, Any]:
    for key in keys:
        (top / key).parent.mkdir(parents=True, exist_ok=True)
        (top / key).write_bytes(b"x")
    return SourceUrl.parse(str(top)), Folder(top)


def memory_of(keys: list[str], prefix: str = "") -> tuple[SourceUrl, Any]:
    store = MemoryStore()
    for key in keys:
        obstore.put(store, f"{prefix}{key}", b"x")
    return SourceUrl("gs", "bucket", prefix), store


@pytest.fixture(params=["folder", "bucket", "bucket with prefix"])
def held(request: pytest.FixtureRequest) -> Callable[[list[str]], tuple[SourceUrl, Any]]:
    def hold(keys: list[str]) -> tuple[SourceUrl, Any]:
        if request.param == "folder":
            top = Path(tempfile.mkdtemp(dir=request.getfixturevalue("tmp_path")))
            return folder_of(keys, top)
        return memory_of(keys, "a/b/" if "prefix" in request.param else "")

    return hold


def pages(source: tuple[SourceUrl, Any], version: Any, given: dict[str, str]) -> Iterator[Any]:
    """Every page, as a client asks for them."""
    asked = dict(given)
    while True:
        found, fields = parsed(list_stored(*source, asked, "mount", version))
        yield found, fields
        if fields["IsTruncated"] == "false":
            return
        if version == 2:
            asked["continuation-token"] = fields["NextContinuationToken"]
        else:
            asked["marker"] = fields.get("NextMarker") or found[-1][0]


def hypothetically(test: Callable[..., None]) -> Callable[..., None]:
    from hypothesis import HealthCheck, settings

    return settings(suppress_health_check=[HealthCheck.function_scoped_fixture])(test)


@hypothetically
@given(
    keys=trees,
    prefix=prefixes,
    delimiter=delimiters,
    most=st.integers(1, 4),
    version=st.sampled_from([1, 2]),
)
def test_pages_are_cut_from_the_sorted_names(held, keys, prefix, delimiter, most, version):
    asked = {"prefix": prefix, "delimiter": delimiter, "max-keys": str(most)}
    found = list(pages(held(keys), version, asked))
    model = named(keys, prefix, delimiter)
    assert [name for page, _ in found for name in page] == model
    assert [len(page) for page, _ in found[:-1]] == [most] * (len(found) - 1)
    assert all(fields["Name"] == "mount" for _, fields in found)


@hypothetically
@given(keys=trees, prefix=prefixes, delimiter=delimiters, after=prefixes)
def test_a_page_begins_after_any_name(held, keys, prefix, delimiter, after):
    source = held(keys)
    model = [pair for pair in named(keys, prefix, delimiter) if pair[0].encode() > after.encode()]
    asked = {"prefix": prefix, "delimiter": delimiter}
    second, fields = parsed(list_stored(*source, {**asked, "start-after": after}, "mount", 2))
    assert second == model
    assert fields["KeyCount"] == str(len(model))
    first, _ = parsed(list_stored(*source, {**asked, "marker": after}, "mount", 1))
    assert first == model


def test_no_keys_are_a_whole_page(held):
    found, fields = parsed(list_stored(*held(["a", "b"]), {"max-keys": "0"}, "mount", 2))
    assert (found, fields["IsTruncated"], fields["KeyCount"]) == ([], "false", "0")


def test_names_are_percent_encoded_on_request(tmp_path):
    source = folder_of(["a b+c.jpg", "a\rb/c\x01.jpg", "é&<.jpg"], tmp_path)
    found, _ = parsed(list_stored(*source, {"encoding-type": "url"}, "mount", 2))
    assert [key for key, _ in found] == ["a\rb/c\x01.jpg", "a b+c.jpg", "é&<.jpg"]


def test_the_service_derives_from_it(tmp_path):
    source = folder_of(["a.jpg"], tmp_path)
    pipeline = Pipeline.parse("resize:8,8/npy")
    root = ET.fromstring(derive(list_stored(*source, {}, "mount", 2), pipeline, 0, "source"))
    assert root.findtext(f"{SPACE}Contents/{SPACE}Size") == str(pipeline.output.nbytes)
    assert root.findtext(f"{SPACE}Contents/{SPACE}ETag", "").endswith('-1"')


def test_what_could_not_be_read_is_not_listed(tmp_path):
    top = tmp_path / "top"
    folder_of(["a.jpg", "inside/b.jpg", ".git/config", "Thumbs.db"], top)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret.jpg").write_bytes(b"x")
    (top / "empty/deeper").mkdir(parents=True)
    (top / "leads-out").symlink_to(tmp_path / "outside")
    (top / "leads-out.jpg").symlink_to(tmp_path / "outside/secret.jpg")
    (top / "dangling").symlink_to(top / "nothing")
    (top / "inside/loop").symlink_to(top)
    (top / "linked").symlink_to(top / "inside")
    (top / os.fsdecode(b"\xff.jpg")).write_bytes(b"x")
    os.mkfifo(top / "fifo")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.fspath(top / "socket"))
    source = SourceUrl.parse(str(top)), Folder(top)
    assert keys_of(source) == ["a.jpg", "inside/b.jpg", "linked/b.jpg"]
    assert keys_of(source, delimiter="/") == ["a.jpg", "inside/", "linked/"]
    assert keys_of(source, prefix=".git/") == [".git/config"]
    for prefix in ("leads-out/", "../outside/", "inside/loop/", "a.jpg/", "./", "no/"):
        assert keys_of(source, prefix=prefix) == [], prefix


def keys_of(source: tuple[SourceUrl, Any], **asked: str) -> list[str]:
    return [key for key, _ in parsed(list_stored(*source, asked, "mount", 2))[0]]


def test_folders_before_the_marker_are_not_visited(tmp_path, monkeypatch):
    source = folder_of([f"{folder}/{file}" for folder in "abcde" for file in "12"], tmp_path)
    visited = []
    scan = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: visited.append(Path(path).name) or scan(path))
    assert keys_of(source, **{"start-after": "c/1", "max-keys": "1"}) == ["c/2"]
    # The next key says that the page is not the last.
    assert visited == [tmp_path.name, "c", "d"]


@pytest.mark.parametrize(
    "asked",
    [{"max-keys": "-1"}, {"max-keys": "many"}, {"encoding-type": "rot13"},
     {"continuation-token": "%"}, {"continuation-token": "gA=="}, {"prefix": "\udcff"}],
)  # fmt: skip
def test_wrong_parameters_are_named(tmp_path, asked):
    with pytest.raises(RequestFailed) as caught:
        list_stored(*folder_of([], tmp_path), asked, "mount", 2)
    assert (caught.value.status, caught.value.code) == (400, "InvalidArgument")


def test_web_servers_have_no_listing():
    with pytest.raises(RequestFailed, match="https:// sources have no listing") as caught:
        list_stored(SourceUrl.parse("https://example.com/a"), None, {}, "mount", 2)
    assert caught.value.status == 501
