"""`Target`: the object that is looked at, as each way to read it names it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Self

from jitprep.service.s3_names import as_mount_name
from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from jitprep.playground.asks import SourceAsk
    from jitprep.playground.playground import Playground
    from jitprep.service.source.stores import SourceUrl

# A file's name where none is chosen, by the kind of object.
_EXAMPLES: Mapping[str, str] = {
    "video": "film.mp4",
    "audio": "sound.wav",
    "text": "page.txt",
    "shard": "train-000000.tar",
}


@frozen
class Target:
    """The object that is looked at, as each way to read it names it.

    Parameters
    ----------
    path : str
        Of the file on this machine.
    key : str
        In its folder or bucket.
    drawn_key : str
        What random steps draw from.
    mount : str
        Name of a mount that serves it.
    source : str
        Of that mount.
    address : str
        Of a reader of it.
    endpoint : str or None
        URL of another S3 than AWS's.
    fetch : str
        Commands that write the file at `path`; empty where it is there, or where it is not known how.
    whole : bool
        Whether it is an object, and not a member of a shard.
    """

    path: str
    key: str
    drawn_key: str
    mount: str
    source: str
    address: str
    endpoint: str | None = None
    fetch: str = ""
    whole: bool = True

    @classmethod
    def of(cls, playground: Playground, ask: SourceAsk | None, kind: str) -> Self:
        """Return the target of a source; of an example where none is chosen.

        Raises
        ------
        AskRefused
            For a place or an upload that is not there.
        """
        if ask is None:
            name = _EXAMPLES.get(kind, "photo.jpg")
            return cls(name, name, name, "photos", "s3://my-photos", "s3://my-photos/")
        if ask.upload:
            name = playground.uploads.read(ask.upload).name
            path = _local(name)
            found = cls(path, path.removeprefix("./"), name, "files", ".", "file:.")
        else:
            found = cls._in_place(playground, ask)
        return found._member(ask.member) if ask.member else found

    @classmethod
    def _in_place(cls, playground: Playground, ask: SourceAsk) -> Self:
        place = playground.places.place(ask.place)
        url, key, mount = place.url, ask.key, as_mount_name(place.name)
        if url.scheme == "file":
            folder = url.host
            return cls(f"{folder}/{key}", key, key, mount, folder, f"file:{folder}")
        bucket = place.store.bucket
        endpoint = None if bucket is None else bucket.endpoint
        source = f"{url.place}/{url.prefix}"
        path = _local(key)
        return cls(
            path,
            key,
            place.store.drawn_key(key),
            mount,
            source.rstrip("/"),
            source,
            endpoint,
            _fetch(url, key, path, endpoint),
        )

    def _member(self, member: str) -> Self:
        """Return the target of a member of this shard."""
        path = _local(member)
        words = ["tar", "-xOf", self.path, "--", member]
        unpack = f"{shlex.join(words)} > {shlex.quote(path)}"
        fetch = f"{self.fetch}\n{unpack}" if self.fetch else unpack
        name = PurePath(path).name
        return type(self)(path, name, name, self.mount, ".", "file:.", None, fetch, whole=False)


def _local(key: str) -> str:
    """Return the path of a copy in the current folder, which no command reads as an option."""
    name = key.rstrip("/").rpartition("/")[2]
    return "object" if name in {"", ".", ".."} else f"./{name}" if name.startswith("-") else name


def _fetch(url: SourceUrl, key: str, path: str, endpoint: str | None) -> str:
    if url.scheme == "s3":
        options = [] if endpoint is None else ["--endpoint-url", endpoint]
        where = f"{url.place}/{url.path_of(key)}"
        return shlex.join(["aws", *options, "s3", "cp", where, path])
    if url.scheme == "gs":
        return shlex.join(["gcloud", "storage", "cp", f"{url.place}/{url.path_of(key)}", path])
    if url.scheme in {"http", "https"}:
        from urllib.parse import quote  # noqa: PLC0415  few need it

        return shlex.join(["curl", "-fo", path, f"{url.place}/{quote(url.path_of(key))}"])
    return ""
