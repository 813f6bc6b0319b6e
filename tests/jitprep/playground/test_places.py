"""Places: what is read of a folder, what is not, and what random steps draw from."""

from __future__ import annotations

import os

import numpy as np
import pytest

from jitprep.playground import places as module
from jitprep.playground.asks import AskRefused, SourceAsk
from jitprep.playground.listing import list_level, search_objects
from jitprep.reader import open_reader
from jitprep.service.errors import RequestFailed
from preprocessing import Pipeline, Seed
from tests.photos import photo

from .browser import Browser
from .material import playground

DRAWN = "random_resized_crop:64/npy"


@pytest.fixture
def folder(tmp_path):
    inside = tmp_path / "given"
    (inside / "deep" / "er").mkdir(parents=True)
    (tmp_path / "secret.txt").write_bytes(b"secret")
    for name in ("rocket", "coffee"):
        (inside / f"{name}.jpg").write_bytes(photo(name))
    (inside / "deep" / "Rocket two.jpg").write_bytes(photo("rocket"))
    (inside / "deep" / "er" / "<b>&+%.jpg").write_bytes(photo("rocket"))
    return inside


def read(made, key):
    return made.places.read(SourceAsk(place="photos", key=key))


@pytest.mark.parametrize("key", ["rocket.jpg", "deep/Rocket two.jpg"])
def test_draws_are_those_of_a_read(folder, key):
    item = read(playground(folder), key)
    pipeline = Pipeline.parse(DRAWN)
    ours = pipeline(item.content, seed=Seed(3, item.key, item.etag))
    theirs = open_reader(f"file:{folder}", pipeline=pipeline, seed=3).get(key)
    assert np.array_equal(ours, theirs)


@pytest.mark.parametrize(
    "key",
    [
        "../secret.txt",
        "deep/../../secret.txt",
        "/etc/passwd",
        "link.txt",
        "outside/secret.txt",
        "deep",
        "deep/",
        "rocket.jpg/x",
        "rocket.jpg\0",
        "pipe",
        "\ud800",
        "x" * 5000,
        "nothing",
    ],
)
def test_nothing_else_is_read(folder, key):
    (folder / "link.txt").symlink_to(folder.parent / "secret.txt")
    (folder / "outside").symlink_to(folder.parent)
    os.mkfifo(folder / "pipe")
    with pytest.raises((RequestFailed, AskRefused)):
        read(playground(folder), key)


def test_links_that_lead_out_are_not_listed(folder):
    (folder / "link.txt").symlink_to(folder.parent / "secret.txt")
    (folder / "outside").symlink_to(folder.parent)
    (folder / "twin.jpg").symlink_to(folder / "rocket.jpg")
    place = playground(folder).places.place("photos")
    keys = {each.key for each in search_objects(place, "", "", "", 200).keys}
    assert "twin.jpg" in keys
    assert keys.isdisjoint({"link.txt", "outside/secret.txt"})
    assert list_level(place, "../", "", 200).keys == ()
    assert list_level(place, "outside/", "", 200).keys == ()


def test_an_object_is_never_stale(folder, monkeypatch):
    made, path = playground(folder), folder / "rocket.jpg"
    os.utime(path, (1, 1))
    assert read(made, "rocket.jpg").content == photo("rocket")
    path.write_bytes(photo("coffee"))
    assert read(made, "rocket.jpg").content == photo("coffee")
    os.utime(path, (1, 1))
    path.unlink()
    with pytest.raises(RequestFailed, match="no file"):
        read(made, "rocket.jpg")


def test_an_object_that_did_not_change_is_read_once(folder, monkeypatch):
    """A file that has just changed may change again within one tick of the clock."""
    monkeypatch.setattr("jitprep.service.source.stored.folder.SETTLED_S", -1e9)
    made = playground(folder)
    first = read(made, "rocket.jpg")
    assert read(made, "rocket.jpg") is first
    monkeypatch.setattr(module, "MOST_CACHED_BYTES", len(first.content))
    made = playground(folder)
    first, _ = read(made, "rocket.jpg"), read(made, "coffee.jpg")
    assert read(made, "rocket.jpg") is not first


def test_a_folder_is_listed_by_levels(folder):
    client = Browser(playground(folder))
    top = client.get("/_play/api/objects?place=photos").json()
    assert [each["key"] for each in top["keys"]] == ["coffee.jpg", "rocket.jpg"]
    assert top["prefixes"] == ["deep/"]
    assert top["keys"][1]["nbytes"] == len(photo("rocket"))
    below = client.get("/_play/api/objects?place=photos&prefix=deep/er/").json()
    assert [each["key"] for each in below["keys"]] == ["deep/er/<b>&+%.jpg"]


def test_long_listings_come_in_pages(folder):
    names = [f"{number:04}.txt" for number in range(450)]
    for name in names:
        (folder / "deep" / name).write_bytes(b"x")
    client, after, found = Browser(playground(folder)), "", []
    for most in (200, 200, 52):
        query = {"place": "photos", "prefix": "deep/", "after": after}
        page = client.get("/_play/api/objects", params=query).json()
        assert len(page["keys"]) + len(page["prefixes"]) == most
        found += [each["key"].removeprefix("deep/") for each in page["keys"]]
        after = page["after"]
    assert (found, after) == ([*names, "Rocket two.jpg"], None)


def test_a_search_finds_a_part_of_a_key_in_any_case_and_depth(folder):
    client = Browser(playground(folder))

    def keys(**query):
        page = client.get("/_play/api/objects", params={"place": "photos", **query}).json()
        return [each["key"] for each in page["keys"]]

    assert keys(search="ROCKET") == ["deep/Rocket two.jpg", "rocket.jpg"]
    assert keys(search="+%") == ["deep/er/<b>&+%.jpg"]
    assert keys(search="rocket", prefix="deep/") == ["deep/Rocket two.jpg"]
    assert keys(search="nothing") == []


def test_a_search_says_how_far_it_looked(folder):
    place = playground(folder).places.place("photos")
    page = search_objects(place, "", "rocket.jpg", "", 200, scan=2)
    assert (page.keys, page.scanned) == ((), 2)
    rest = search_objects(place, "", "rocket.jpg", page.after or "", 200)
    assert [each.key for each in rest.keys] == ["rocket.jpg"]
    assert (rest.scanned, rest.after) == (2, None)
    one = search_objects(place, "", "", "", 1)
    assert ([each.key for each in one.keys], one.after) == (["coffee.jpg"], "coffee.jpg")


def test_an_unknown_place_names_those_that_there_are(folder):
    answer = Browser(playground(folder)).get("/_play/api/objects?place=photo")
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "there is no place 'photo'; did you mean 'photos'?"


def test_the_first_answer_says_what_may_be_shown(folder):
    mine = Pipeline.parse("grayscale/png").document
    session = Browser(playground(folder, {"mine": mine})).get("/_play/api/session").json()
    assert session["places"] == [{"name": "photos", "url": str(folder)}]
    assert session["presets"] == [{"name": "mine", "pipeline": "grayscale/png"}]
    assert session["most_bytes"] == 256 * 2**20
