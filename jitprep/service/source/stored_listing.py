"""Pages of the listings of folders and of Google's and Azure's buckets, as S3 writes them.

The listings of S3 are not made here: S3 writes them itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from jitprep.service.errors import RequestFailed
from jitprep.service.source.stored.folder import Folder
from jitprep.service.source.stored.folder_walk import walk_folder
from jitprep.service.source.stored.listing_page import Listed, PageRequest
from jitprep.service.source.stored.obstore_process import require_obstore_here
from jitprep.service.source.stored.store_errors import listing_failure
from jitprep.service.source.stored_object import nameable
from jitprep.service.source.stores import SourceUrl

# The last character there is; and those that no text in UTF-8 has.
_LAST, _SURROGATES = chr(0x10FFFF), range(0xD800, 0xE000)
_WITHOUT_LISTINGS = frozenset({"http", "https"})


def list_stored(
    source_url: SourceUrl,
    store: Any,
    parameters: Mapping[str, str],
    name: str,
    version: Literal[1, 2],
) -> bytes:
    """Return a page of the listing of a source, as the XML of ListObjects or ListObjectsV2.

    A page has what S3 would list of the same keys: those that begin with the prefix, or instead of those
    that have the delimiter after it their common prefixes, in the order of their bytes, from the first
    that comes after the marker.

    Parameters
    ----------
    source_url : SourceUrl
        Keys are listed without its prefix.
    store : Folder, or a store of obstore
    parameters : mapping of str to str
        The query: prefix, delimiter, max-keys, encoding-type; start-after and continuation-token, or
        marker.
    name : str
        Of the mount, which stands for the bucket.
    version : {1, 2}
        Of the API: ListObjects or ListObjectsV2.

    Raises
    ------
    RequestFailed
        ``InvalidArgument``; ``NotImplemented`` for web servers, which have no listings;
        ``SourceRefused`` and ``SourceUnavailable``.
    """
    asked = PageRequest.of(parameters, version)
    if source_url.scheme in _WITHOUT_LISTINGS:
        raise RequestFailed(
            501,
            "NotImplemented",
            f"{source_url.scheme}:// sources have no listing; ask for objects by their keys",
        )
    if isinstance(store, Folder):
        return asked.page(walk_folder(store, asked), name)
    return asked.page(_stored(source_url, store, asked), name)


def _stored(url: SourceUrl, store: Any, asked: PageRequest) -> Iterator[Listed]:
    """Yield a store's objects that may be on the page, in order."""
    first = f"{url.prefix}{asked.prefix}"
    folder = first.rpartition("/")[0]
    if folder and not nameable(folder):
        return  # of such keys obstore lists none
    require_obstore_here(url.place)
    try:
        # obstore takes a folder, and not the beginning of a name, for a prefix.
        for batch in store.list(prefix=folder or None, offset=_offset(url, asked)):
            for meta in batch:
                path = meta["path"]
                if path.startswith(first):
                    key = path.removeprefix(url.prefix)
                    yield Listed(key, meta["size"], meta["last_modified"], meta["e_tag"] or "")
                elif path > first:
                    return
    except Exception as error:
        raise listing_failure(error, url.place) from None


def _offset(url: SourceUrl, asked: PageRequest) -> str | None:
    """Return a name that obstore can list after, before which nothing is on the page."""
    first, after = f"{url.prefix}{asked.prefix}", f"{url.prefix}{asked.after}"
    if asked.after and after >= first:
        # A group that was on an earlier page may hold any number of keys, which need not be sent.
        passed = asked.group_of(asked.after) == asked.after
        offset = f"{after}{_LAST}" if passed else after
    elif first and ord(first[-1]) - 1 not in _SURROGATES:
        offset = first[:-1] + chr(ord(first[-1]) - 1)
    else:
        offset = first[:-1]
    while offset and not nameable(offset):
        offset = offset.rpartition("/")[0]
    return offset or None
