"""The installed `jitprep` command, in a process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

JITPREP = str(Path(sys.executable).with_name("jitprep"))


def jitprep(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [JITPREP, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
