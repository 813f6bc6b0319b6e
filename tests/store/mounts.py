"""Servers with mounts on the store, and keys that are hard to list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.jitprep.server.running import Running, serving

from .conftest import KEYS, Store

_MOUNT = """
[mounts.{name}]
source = "{source}"
pipeline = "{spec}"
endpoint = "{url}"
anonymous = true
overrides = ["seed"]
{more}
"""
SIGNED = 'access_key_id = "env:STORE_ID"\nsecret_access_key = "env:STORE_SECRET"\n'

# Stores list these wrongly: unescaped in XML, or decoded twice.
UNLISTED = (
    *(key for key in KEYS if {"+", "%"} & set(key)),
    *("+", "a+b/c d", "%2F", "control\x01.jpg", "line\nbreak", "tab\there"),
)
HARD = (
    *(key for key in KEYS if key not in UNLISTED),
    *("a//b", "./x", "folder/", "folder/deeper/", "a/b//c", "//", ".", ".."),
    *("é", "e\u0301", "\U0001f600/\uffe0", "&<>\"'"),
)
# Files have no other keys, and hidden ones are not listed.
FILES = tuple(key for key in HARD if all(part[:1] not in {"", "."} for part in key.split("/")))


@contextmanager
def mounted(
    folder: Path, store: Store, sources: Mapping[str, tuple[str, str]], spec: str, head: str = ""
) -> Iterator[Running]:
    """Serve sources, each a URL and more settings, by the names of their mounts."""
    mounts = "".join(
        _MOUNT.format(name=name, source=source, url=store.url, spec=spec, more=more)
        for name, (source, more) in sources.items()
    )
    path = folder / "jitprep.toml"
    path.write_text(f"workers = 1\n{head}{mounts}")
    environment = {
        "STORE_ID": store.access_key,
        "STORE_SECRET": store.secret_key,
        "WEBHOOK_TOKEN": "of-the-store",
    }
    with serving(folder, "--config", path, **environment) as running:
        yield running
