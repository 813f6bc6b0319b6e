"""The libraries of a door are imported only where it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("boto3", "botocore", "obstore", "urllib3", "PIL", "torch")


@pytest.mark.parametrize(
    "code",
    [
        "import jitprep.reader",
        "import jitprep.reader; jitprep.reader.open_reader('file:.')",
        "import jitprep.reader; jitprep.reader.open_reader('file:.', preset='imagenet')",
        "import jitprep.reader.loading.stream, jitprep.reader.loading.selection",
    ],
)
def test_a_folder_needs_none_of_them(code):
    program = f"import sys; {code}; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
