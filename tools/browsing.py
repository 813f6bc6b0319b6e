"""`jitprep play` in a process of its own, and a browser for it: for tests and pictures of the page."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from playwright.sync_api import Browser, Playwright

# Without the settings of the person who runs it.
PLAIN = {
    name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "JITPREP_"))
}
_PRINTED = re.compile(r"http://\S+[?&]token=[\w-]+")
_PATIENCE_S = 30
# The first is Debian's Chromium without its windows, which takes half of the CPU.
_BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
_ROOT = 0


def launch(driver: Playwright, *arguments: str) -> Browser:
    """Start the machine's Chromium, without a window. Raises FileNotFoundError where it has none."""
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found is None:
        raise FileNotFoundError("this needs a browser: apt-get install chromium-headless-shell")
    sandbox = ("--no-sandbox",) if os.geteuid() == _ROOT else ()  # root cannot have one
    return driver.chromium.launch(executable_path=found, args=[*sandbox, *arguments])


@dataclass(frozen=True)
class Playing:
    """A page that is served.

    Parameters
    ----------
    printed : str
        The URL with the token, as it was printed.
    folder : Path
        What it shows.
    errors : Path
        What the process wrote to standard error.
    """

    printed: str
    folder: Path
    errors: Path

    @property
    def origin(self) -> str:
        """The scheme, the host and the port."""
        return "http://" + urlsplit(self.printed).netloc

    @property
    def place(self) -> str:
        """The name of the folder on the page."""
        return self.folder.name

    def address(self, **state: str | int) -> str:
        """Return the URL of a state of the page, without the token."""
        query = f"?{urlencode(state)}" if state else ""
        return f"{self.origin}{urlsplit(self.printed).path}{query}"


@contextmanager
def playing(folder: Path, logs: Path, **environment: str) -> Iterator[Playing]:
    """Serve a folder on a free port; `logs` is a folder for what the process prints."""
    command = [sys.executable, "-m", "jitprep.cli.main", "play", str(folder), "--port", "0"]
    out, errors = logs / "play.out", logs / "play.errors"
    with out.open("wb") as stdout, errors.open("wb") as stderr:
        process = subprocess.Popen(  # noqa: S603  our own command
            command, stdout=stdout, stderr=stderr, cwd=logs, env={**PLAIN, **environment}
        )
    try:
        yield Playing(_printed(process, out, errors), folder, errors)
    finally:
        process.terminate()
        process.wait(_PATIENCE_S)


def _printed(process: subprocess.Popen[bytes], out: Path, errors: Path) -> str:
    end = time.monotonic() + _PATIENCE_S
    while True:
        said = out.read_text() + errors.read_text()
        if found := _PRINTED.search(said):
            return found[0]
        assert process.poll() is None and time.monotonic() < end, said
        time.sleep(0.02)
