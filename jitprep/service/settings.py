"""Settings as an operator spells them: environment variables, and the file ``jitprep.toml``.

`jitprep.service.config` says what each of them means.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from preprocessing.frozen import frozen

FILE_VARIABLE = "JITPREP_CONFIG"
_FILES = (Path("jitprep.toml"), Path("/etc/jitprep.toml"))
# Each is a variable JITPREP_<NAME> too.
_OF_SERVICE = frozenset({
    "buckets", "cache_bytes", "default_preset", "list_unknown_sizes", "max_bytes", "max_pixels",
    "max_side", "memory", "metrics", "outputs", "request_overrides", "spill", "steps", "store",
    "store_bytes",
})  # fmt: skip
_OF_SERVER = frozenset({"domain", "play", "queue", "timeout", "workers"})
_TABLES = frozenset({"keys", "mounts", "presets"})


@frozen
class Settings:
    """What the environment and the file say.

    Parameters
    ----------
    path : str, optional
        Of the file; None without one.
    table : mapping of str to Any
        The file's content.
    """

    path: str | None
    table: Mapping[str, Any]

    @classmethod
    def read(cls) -> Settings:
        """Read the file that ``JITPREP_CONFIG`` names, if it names one.

        Raises
        ------
        ValueError
            Where the file cannot be read, or has a name that means nothing.
        """
        path = os.environ.get(FILE_VARIABLE) or None
        return cls(path, {} if path is None else _table(Path(path)))

    @property
    def presets(self) -> Mapping[str, Any]:
        """The file's own presets."""
        return self.tables("presets")

    def tables(self, name: str) -> Mapping[str, Any]:
        """Return a table of the file, empty without one. Raises ValueError for another value."""
        table = self.table.get(name, {})
        if not isinstance(table, Mapping):
            raise ValueError(f"{self.path}: {name} must be a table")  # noqa: TRY004  as all
        return table

    def spelling(self, name: str) -> str:
        """Return the place of a setting, for messages."""
        if os.environ.get(_variable(name)) or name not in self.table:
            return _variable(name)
        return f"{self.path}: {name}"

    def text(self, name: str) -> str:
        """Return a setting as text, empty where it is not set."""
        return os.environ.get(_variable(name)) or str(self.table.get(name, ""))

    def words(self, name: str) -> list[str]:
        """Return a setting that is a list: in TOML an array, or text separated by commas."""
        variable, value = os.environ.get(_variable(name)), self.table.get(name, "")
        if not variable and isinstance(value, list):
            return [str(word) for word in value]
        text = variable or str(value)
        return [word for part in text.split(",") if (word := part.strip())]

    def whole(self, name: str, default: int) -> int:
        """Return a setting that is a whole number above 0. Raises ValueError for anything else."""
        text = self.text(name)
        return positive(self.spelling(name), text) if text else default


def find_config() -> Path | None:
    """Return the configuration file that the environment names, or one here or in /etc."""
    if named := os.environ.get(FILE_VARIABLE):
        return Path(named)
    return next(filter(Path.exists, _FILES), None)


def positive(name: str, text: str) -> int:
    """Return the whole number above 0 that the setting `name` has. Raises ValueError."""
    if not (text.isascii() and text.isdecimal()) or not int(text):
        raise ValueError(f"{name} must be a whole number above 0, got {text!r}")
    return int(text)


def or_another(wrong: str, names: Iterable[str]) -> str:
    """Return the end of a message: the name that was probably meant, or all that there are."""
    from difflib import get_close_matches  # noqa: PLC0415  only errors need it

    choices = sorted(names)
    if close := get_close_matches(wrong.lower(), choices, n=1):
        return f"; did you mean {close[0]!r}?"
    return f"; choose from {', '.join(choices)}"


def _variable(name: str) -> str:
    return f"JITPREP_{name.upper()}"


def _table(path: Path) -> Mapping[str, Any]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise ValueError(f"{path} is not TOML: {error}") from None
    known = _OF_SERVICE | _OF_SERVER | _TABLES
    if unknown := sorted(table.keys() - known):
        raise ValueError(f"{path}: {unknown[0]!r} is not a setting{or_another(unknown[0], known)}")
    return table
