"""Servers with mounts on the store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.jitprep.server.running import Running, serving

from .conftest import Store

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
