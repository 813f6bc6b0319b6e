"""Every file of a folder is listed or reported."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jitprep.reader import BadObject, Refused, open_reader
from jitprep.reader.doors.folder import list_folder
from preprocessing.names import as_text, is_hidden, is_utf8
from tests.photos import photo

# File names: bytes without a slash. They are few, so that files and folders collide.
NAMES = st.binary(min_size=1, max_size=3).filter(
    lambda name: not ({b"/", b"\0"} & {bytes([b]) for b in name}) and name not in {b".", b".."}
) | st.sampled_from([b"a", b"b", b".DS_Store", b"Thumbs.db", b".git", b"caf\xe9", b"x" * 255])
PLACES = st.lists(NAMES, min_size=1, max_size=3).map(b"/".join)
TARGETS = PLACES | st.sampled_from(
    [b".", b"../secret", b"../secret/a", b"../none", b"../top/a", b"a/../../secret"]
)


def made(top: Path, files: list[bytes], links: list[tuple[bytes, bytes]]) -> None:
    """Create files and links; skip those whose path is taken."""
    for place in files:
        path = top / os.fsdecode(place)
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    for place, target in links:
        path = top / os.fsdecode(place)
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(top / os.fsdecode(target))


def walked(top: Path, above: tuple[Path, ...] = ()) -> set[str]:
    """Return everything that is not a folder, following links except to folders above them."""
    real = Path(os.path.realpath(top))
    if real in above:
        return set()
    found: set[str] = set()
    for path in top.iterdir():
        try:
            is_folder = path.is_dir()
        except OSError:  # the path is too long
            is_folder = False
        if is_folder:
            found |= {f"{path.name}/{inside}" for inside in walked(path, (*above, real))}
        else:
            found.add(path.name)
    return found


@settings(deadline=None, max_examples=150)
@given(
    st.lists(PLACES, max_size=6),
    st.lists(st.tuples(PLACES, PLACES | st.just(b".")), max_size=3),
    st.sampled_from(["", "a", "a/", "b/a", ".git/", "caf", "../", "a/../", "/", "//", "./", "\0"]),
)
def test_every_file_is_listed_or_hidden(tmp_path_factory, files, links, prefix):
    top = tmp_path_factory.mktemp("tree")
    made(top, files, links)
    expected = {key for key in walked(top) if key.startswith(prefix)}
    found = list_folder(top, prefix)
    assert set(found.keys) == {key for key in expected if not is_hidden(key, prefix)}
    assert found.keys == sorted(found.keys, key=os.fsencode)
    assert found.unreadable == {}
    for key in expected - set(found.keys):
        assert any(f"{key}/".startswith(f"{out.rstrip('/')}/") for out in found.left_out)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.sampled_from(["..", ".", "", "a", "photos", "secret", "\0"]), max_size=5))
def test_no_prefix_leads_out_of_the_folder(tmp_path_factory, parts):
    top = tmp_path_factory.getbasetemp() / "prefixes"
    (top / "photos/a").mkdir(parents=True, exist_ok=True)
    (top / "photos/a/one").touch()
    (top / "secret").touch()
    prefix = "/".join(parts)
    keys = list(open_reader(f"file:{top}/photos").keys(prefix))
    assert keys == (["a/one"] if "a/one".startswith(prefix) else [])


@pytest.mark.parametrize(
    ("key", "hidden"),
    [
        ("a.jpg", False),
        (".DS_Store", True),
        ("train/._a.jpg", True),
        ("train/Thumbs.db", True),
        ("train/DESKTOP.INI", True),
        ("__MACOSX/a.jpg", True),
        (".git/objects/1", True),
        ("a/./b.jpg", False),
        ("../b.jpg", False),
        ("thumbs.db.jpg", False),
        ("a.b/c", False),
    ],
)
def test_files_of_desktops_are_hidden(key, hidden):
    assert is_hidden(key) is hidden
    assert not is_hidden(key, key)
    assert is_hidden(f".cache/{key}", ".cache/") is hidden


@settings(max_examples=100)
@given(st.binary(max_size=8) | st.text(max_size=8).map(lambda text: text.encode(errors="replace")))
def test_any_name_can_be_printed(name):
    shown = as_text(os.fsdecode(name))
    shown.encode("utf-8")
    assert as_text("\ud800") == "\\ud800"
    assert shown.isprintable() or not os.fsdecode(name).isprintable()
    if shown == os.fsdecode(name):
        assert name.decode("utf-8") == shown
    else:
        assert "\\x" in shown


def test_a_linked_folder_is_listed_and_read_and_one_that_leads_back_once(tmp_path, caplog):
    (tmp_path / "photos/all").mkdir(parents=True)
    (tmp_path / "photos/all/b.jpg").write_bytes(photo("rocket"))
    (tmp_path / "photos/train").symlink_to("all")
    (tmp_path / "photos/again").symlink_to(tmp_path / "photos")
    (tmp_path / "address").symlink_to("photos")
    reader = open_reader(f"file:{tmp_path}/address", pipeline="resize:8,8/npy")
    assert list(reader.keys()) == ["all/b.jpg", "train/b.jpg"]
    assert reader.get("train/b.jpg").shape == (3, 8, 8)
    assert "again" in caplog.text
    assert list(reader.keys("again/")) == list(reader.keys("again/train/")) == []


def test_a_link_that_leads_out_is_named_and_not_read(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    np.save(tmp_path / "elsewhere/b.npy", np.zeros(3, np.uint8))
    (tmp_path / "photos/good").mkdir(parents=True)
    np.save(tmp_path / "photos/good/a.npy", np.ones(3, np.uint8))
    (tmp_path / "photos/train").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "photos/b.npy").symlink_to("../elsewhere/b.npy")
    (tmp_path / "photos/good/deep").mkdir()
    (tmp_path / "photos/link").symlink_to("good/deep")
    (tmp_path / "photos/good/deep/out").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "photos-too").mkdir()
    (tmp_path / "photos/sibling").symlink_to("../photos-too")
    reader = open_reader(f"file:{tmp_path}/photos")
    assert list(reader.keys("good/a")) == ["good/a.npy"]
    for prefix in ("", "t", "train/", "train/b", "sibling/", "b.npy"):
        with pytest.raises(
            Refused, match="points outside of the folder; open the folder that it points"
        ):
            list(reader.keys(prefix))
    read = reader.get_each(["good/a.npy", "train/b.npy", "b.npy", "link/out/b.npy"])
    np.testing.assert_array_equal(read.pop("good/a.npy"), np.ones(3))
    assert all(isinstance(error, Refused) for error in read.values())
    assert str(read["b.npy"]).startswith("b.npy: the link points outside of the folder")


@settings(deadline=None, max_examples=60)
@given(
    st.lists(PLACES, max_size=6),
    st.lists(st.tuples(PLACES, TARGETS), max_size=4),
    st.sampled_from(["", "a", "a/", "b/a", "caf", "x/y"]),
)
def test_no_link_leads_out_of_the_folder(tmp_path_factory, files, links, prefix):
    outer = tmp_path_factory.mktemp("outer")
    (outer / "secret").mkdir()
    (outer / "secret/a").touch()
    top = outer / "top"
    top.mkdir()
    made(top, files, links)
    bound = os.path.realpath(top)
    reader = open_reader(f"file:{top}")
    every = {key for key in walked(top) if is_utf8(key)}
    outside = {
        key for key in every if not f"{os.path.realpath(top / key)}/".startswith(f"{bound}/")
    }
    for key, error in reader.get_each(every).items() if every else ():
        assert ("points outside" in str(error)) is (key in outside), key
    try:
        keys = set(reader.keys(prefix))
    except Refused as error:
        assert "points outside" in str(error)  # noqa: PT017
    else:
        assert not keys & outside
        assert {key for key in outside if key.startswith(prefix)} <= {
            key for key in outside if is_hidden(key, prefix)
        }


def test_a_name_that_is_not_utf8_fails_alone(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros(3, np.uint8))
    np.save(tmp_path / os.fsdecode(b"caf\xe9.npy"), np.ones(3, np.uint8))
    reader = open_reader(f"file:{tmp_path}")
    keys = list(reader.keys())
    assert keys == ["a.npy", "caf\udce9.npy"]
    read = reader.get_each(keys)
    np.testing.assert_array_equal(read["a.npy"], np.zeros(3))
    assert isinstance(read[keys[1]], BadObject)
    assert str(read[keys[1]]).startswith(r"caf\xe9.npy: UnsupportedFormat: the name is not UTF-8")


def test_a_special_file_is_listed_and_fails_alone(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "nowhere").symlink_to(tmp_path / "none")
    (tmp_path / "itself").symlink_to(tmp_path / "itself")
    reader = open_reader(f"file:{tmp_path}")
    keys = ["itself", "nowhere", "pipe"]
    assert list(reader.keys()) == keys
    assert all(isinstance(error, BadObject | Refused) for error in reader.get_each(keys).values())


def test_a_folder_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    """Simulated, because root can read every folder."""
    for name in ("open", "shut"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a").touch()
    scandir = os.scandir

    def refuse(path):
        if Path(path).name == "shut":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr("jitprep.reader.doors.folder.os.scandir", refuse)
    reader = open_reader(f"file:{tmp_path}")
    assert list(reader.keys("open/")) == ["open/a"]
    for prefix in ("", "shut/", "s"):
        with pytest.raises(Refused, match="shut/ cannot be read: Permission denied"):
            list(reader.keys(prefix))
    assert list_folder(tmp_path).keys == ["open/a"]
