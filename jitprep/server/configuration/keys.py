"""The keys that requests are signed with, read anew when their files change."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from jitprep.server.configuration.references import Reference
from jitprep.service.settings import Settings, or_another
from preprocessing.frozen import frozen

_log = logging.getLogger(__name__)
_ALL = "*"
_MEMBERS = frozenset({"access_key_id", "secret_access_key", "mounts"})
# How often files are looked at, in seconds.
_EVERY_S = 1.0


@frozen
class Key:
    """A pair of keys, by reference, and what it may read.

    Parameters
    ----------
    name : str
        In the configuration, for the log.
    access_key, secret_key : Reference
    mounts : frozenset of str
        Names, or ``*`` for all.
    """

    name: str
    access_key: Reference
    secret_key: Reference
    mounts: frozenset[str]

    @classmethod
    def parse(cls, name: str, table: Any, mounts: Sequence[str]) -> Key:
        """Read ``[keys.NAME]``. Raises ValueError, which names what is wrong."""
        place = f"keys.{name}"
        if not isinstance(table, Mapping):
            raise ValueError(f"{place} must be a table of {', '.join(sorted(_MEMBERS))}")  # noqa: TRY004  as all settings
        if unknown := sorted(table.keys() - _MEMBERS):
            raise ValueError(
                f"{place}.{unknown[0]} is not a setting{or_another(unknown[0], _MEMBERS)}"
            )
        if missing := sorted(_MEMBERS - table.keys()):
            raise ValueError(f"{place}.{missing[0]} is missing")
        allowed = table["mounts"]
        if not isinstance(allowed, list) or not allowed:
            raise ValueError(f'{place}.mounts must be a list of mounts, or ["{_ALL}"]')
        if unknown := sorted(set(map(str, allowed)) - {*mounts, _ALL}):
            raise ValueError(
                f"{place}.mounts: there is no mount {unknown[0]!r}{or_another(unknown[0], mounts)}"
            )
        return cls(
            name,
            Reference.parse(f"{place}.access_key_id", table["access_key_id"]),
            Reference.parse(f"{place}.secret_access_key", table["secret_access_key"]),
            frozenset(map(str, allowed)),
        )


@frozen
class _Pair:
    secret: str
    mounts: frozenset[str]


class KeyRing:
    """The valid keys.

    A key is added, removed or replaced while the server runs, by editing ``jitprep.toml`` or the file
    that a reference names: both are looked at once per second.

    Parameters
    ----------
    mounts : sequence of str
        Names of the mounts.

    Raises
    ------
    ValueError
        Where a key is malformed or cannot be read.
    """

    def __init__(self, mounts: Sequence[str]) -> None:
        self._mounts = mounts
        self._lock = Lock()
        self._look_at = 0.0
        self._read()

    def secret(self, access_key: str) -> str | None:
        """Return the secret of an access key ID; None where the key is not valid."""
        self._refresh()
        pair = self._pairs.get(access_key)
        return None if pair is None else pair.secret

    def opens(self, mount: str) -> bool:
        """Return whether any key may read a mount."""
        return any(pair.mounts & {mount, _ALL} for pair in self._pairs.values())

    def may_read(self, access_key: str, mount: str) -> bool:
        """Return whether a key may read a mount."""
        pair = self._pairs.get(access_key)
        return pair is not None and bool(pair.mounts & {mount, _ALL})

    def _refresh(self) -> None:
        now = time.monotonic()
        if now < self._look_at or not self._lock.acquire(blocking=False):
            return
        try:
            self._look_at = now + _EVERY_S
            if self._stamps == {path: _stamp(path) for path in self._stamps}:
                return
            self._read()
        except (
            ValueError
        ) as error:  # a file that is being written, or wrong: the old keys stay valid
            _log.error("the keys were not read again, and the old ones stay valid: %s", error)
        finally:
            self._lock.release()

    def _read(self) -> None:
        settings = Settings.read()
        keys = [
            Key.parse(name, table, self._mounts) for name, table in settings.tables("keys").items()
        ]
        pairs: dict[str, _Pair] = {}
        for key in keys:
            access_key = key.access_key.read()
            if access_key in pairs:
                raise ValueError(f"keys.{key.name}: another key has the same access_key_id")
            pairs[access_key] = _Pair(key.secret_key.read(), key.mounts)
        files = [settings.path] if settings.path else []
        for key in keys:
            files += [one.name for one in (key.access_key, key.secret_key) if one.scheme == "file"]
        self._pairs = pairs
        self._stamps = {path: _stamp(path) for path in files}
        self._look_at = time.monotonic() + _EVERY_S


def _stamp(path: str) -> tuple[int, int, int] | None:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
