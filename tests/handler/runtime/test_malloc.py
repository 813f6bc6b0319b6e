"""What a warm process keeps: pages that it has touched once are not asked for again."""

from __future__ import annotations

import ctypes
import subprocess
import sys

FAULTS = """
import resource, sys
from handler.runtime import malloc
if sys.argv[1] == "kept":
    malloc.keep()
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def answer():
    # As an answer's copies come and go: each a little larger than the last.
    copies = [b"x" * (4_000_000 + 1_000_000 * i) for i in range(3)]
for _ in range(3):
    answer()
before = faults()
for _ in range(10):
    answer()
print(faults() - before)
"""


def test_buffers_of_an_answers_size_are_kept():
    kept, given_back = (
        int(subprocess.check_output([sys.executable, "-c", FAULTS, how], text=True))
        for how in ("kept", "left alone")
    )
    if hasattr(ctypes.CDLL(None), "mallopt"):  # else the failure could not be reported
        assert kept < 200 < 10_000 < given_back


KEPT = """
import sys
from concurrent.futures import ThreadPoolExecutor
from handler.runtime import malloc
from preprocessing import Pipeline
from tests.preprocessing.support.peaks import _png, _status
malloc.keep()
p = Pipeline.parse("equalize/resize:224,224/npy")
p.encode(_png(100, 100, 3))
before, large = _status("VmRSS"), _png(3000, 4000, 3)
for _ in range(3):
    with ThreadPoolExecutor(1) as thread:  # a new one each time, as after a deadline
        thread.submit(p.encode, large).result()
print(_status("VmRSS") - before)
"""


def test_what_large_images_leave_is_what_is_said():
    """With one arena per thread, 300 MB would stay."""
    kept = int(subprocess.check_output([sys.executable, "-c", KEPT], text=True))
    if hasattr(ctypes.CDLL(None), "mallopt"):
        assert kept < 80 * 2**20
