"""Pages of the objects of a place: one level of its folders, or a search through all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitprep.service.errors import RequestFailed
from jitprep.service.messages import ListingName
from jitprep.service.source.stored.listed_page import parse_listed_page
from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jitprep.playground.places import Place

MOST_SCANNED = 10_000
# S3 lists at most so many keys at once.
_PAGE = 1000


@frozen
class ObjectEntry:
    """An object's key in its place, and its size in bytes."""

    key: str
    nbytes: int


@frozen
class ObjectPage:
    """A part of a listing.

    Parameters
    ----------
    keys : tuple of ObjectEntry
    prefixes : tuple of str
        Folders, each with the slash at its end.
    after : str, optional
        What the next page is asked with; None where there is none.
    scanned : int
        How many keys were looked at.
    """

    keys: tuple[ObjectEntry, ...]
    prefixes: tuple[str, ...]
    after: str | None
    scanned: int


def list_level(place: Place, prefix: str, after: str, most: int) -> ObjectPage:
    """Return the objects and folders of one level. Raises RequestFailed and AskRefused."""
    asked = {"prefix": prefix, "delimiter": "/", "max-keys": str(most)}
    listed = _listed(place, asked | ({"continuation-token": after} if after else {}))
    scanned = len(listed.keys) + len(listed.prefixes)
    return ObjectPage(tuple(_objects(listed)), listed.prefixes, listed.after, scanned)


def search_objects(
    place: Place, prefix: str, search: str, after: str, most: int, scan: int = MOST_SCANNED
) -> ObjectPage:
    """Return objects at any depth whose key below the prefix has a text in it, in any case.

    Parameters
    ----------
    place : Place
    prefix, search : str
    after : str
        A key, after which the search begins.
    most : int
        How many objects the page may have.
    scan : int
        How many keys it may look at.

    Raises
    ------
    RequestFailed, AskRefused
    """
    found: list[ObjectEntry] = []
    scanned, wanted = 0, search.lower()
    while scanned < scan:
        asked = {"prefix": prefix, "max-keys": str(min(_PAGE, scan - scanned))}
        listed = _listed(place, asked | ({"start-after": after} if after else {}))
        for at, each in enumerate(listed.keys):
            scanned, after = scanned + 1, each.key
            if wanted in each.key.removeprefix(prefix).lower() and not _is_marker(each):
                found.append(each)
                if len(found) == most:
                    more = listed.after is not None or at + 1 < len(listed.keys)
                    return ObjectPage(tuple(found), (), after if more else None, scanned)
        if listed.after is None or not listed.keys:
            return ObjectPage(tuple(found), (), None, scanned)
    return ObjectPage(tuple(found), (), after, scanned)


def _objects(page: ObjectPage) -> Iterator[ObjectEntry]:
    return (each for each in page.keys if not _is_marker(each))


def _is_marker(found: ObjectEntry) -> bool:
    """Whether it is an empty object that stands for a folder, as S3's console makes them."""
    return found.nbytes == 0 and found.key.endswith("/")


def _listed(place: Place, asked: dict[str, str]) -> ObjectPage:
    # Encoded, since XML cannot represent every key.
    page = ListingName(place.name, asked | {"encoding-type": "url"})
    xml = place.store.list_page(page, place.name, place.deadline())
    try:
        listed = parse_listed_page(xml)
    except ValueError:
        message = (
            f"the listing of {place.shown_url} is not XML; check that it is a store of objects"
        )
        raise RequestFailed(400, "InvalidListing", message) from None
    keys = tuple(ObjectEntry(key, nbytes) for key, nbytes in listed.objects)
    return ObjectPage(keys, listed.prefixes, listed.token, len(keys))
