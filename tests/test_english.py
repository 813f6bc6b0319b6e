"""The style sheet, as far as a search can hold us to it: turns of phrase that are not plain English.

Comments, docstrings, messages, help texts and pages are searched; code is not.
"""

from __future__ import annotations

import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from itertools import groupby

import pytest

from .paths import ROOT

BANNED = re.compile(
    r"""\b(
        (?<!there\ )(is|are|was|were)\ no\ (?!longer\b|more\b)[a-z]\w*  # is not a
      | tells?\ (of|what|how|whether|which|from)            # reports, describes
      | told                                                # given, reported
      | who(m|so)?ever
      | of\ (which|whom)
      | (goes|go|went)\ on\b(?!-)                           # resumes, continues
      | hired
      | lest | thereof | whereof | therein | herein
      | by\ itself\ alone
    )\b""",
    re.VERBOSE | re.IGNORECASE,
)
TEXTS = ("*.md", "*.toml", "*.yml", "*.yaml", "Makefile", "Dockerfile", ".ci/run", "docker/*.sh")
# What is quoted from elsewhere, or was written before the style sheet.
QUOTED = ("tests/test_english.py", "CHANGELOG.md", "LICENSE")


def tracked(*patterns: str) -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return [name for name in listed if name not in QUOTED and (ROOT / name).is_file()]


def prose(name: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a file that people read, numbered."""
    text = (ROOT / name).read_text(encoding="utf-8")
    if not name.endswith(".py"):
        yield from enumerate(text.splitlines(), 1)
        return
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in {tokenize.COMMENT, tokenize.STRING}:
            yield from enumerate(token.string.splitlines(), token.start[0])


def room(name: str) -> str:
    """Return the folder that a file is checked with: one test per folder keeps the suite short."""
    return "/".join(name.split("/")[:2]) if name.count("/") > 1 else name.rpartition("/")[0] or "."


FILES = {
    folder: sorted(names)
    for folder, names in groupby(sorted(tracked("*.py", *TEXTS), key=room), key=room)
}


@pytest.mark.parametrize("folder", FILES)
def test_no_banned_turn(folder: str) -> None:
    found = [
        f"{name}:{line}: {text.strip()}"
        for name in FILES[folder]
        for line, text in prose(name)
        if BANNED.search(text)
    ]
    assert not found, "\n" + "\n".join(found)


def test_this_test_would_notice() -> None:
    for turn in ("what is no image", "it tells of a failure", "whoever reads it", "goes on after"):
        assert BANNED.search(turn), turn
    for turn in ("is no longer there", "an ongoing job", "foretold"):
        assert not BANNED.search(turn), turn
