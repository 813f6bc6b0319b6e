"""The memory that a process has, and its share for the work on one object."""

from __future__ import annotations

import subprocess
import sys

import pytest

from preprocessing import Limits, available_memory

MIB = 2**20
FILES = {
    "unlimited": {"/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": "max\n"},
    "version 2": {
        "/proc/self/cgroup": "0::/a/b\n",
        "/sys/fs/cgroup/a/b/memory.max": "max\n",
        "/sys/fs/cgroup/a/memory.max": f"{700 * MIB}\n",
    },
    "version 1": {
        "/proc/self/cgroup": "8:pids:/x\n4:memory:/x\n0::/\n",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes": f"{900 * MIB}\n",
        "/sys/fs/cgroup/memory/x/memory.limit_in_bytes": "9223372036854771712\n",
    },
}


@pytest.fixture(autouse=True)
def nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JITPREP_MEMORY", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_MAX_CONCURRENCY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(available_memory, "_read", lambda path: FILES["unlimited"].get(path, ""))


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1500MB", 1500 * 10**6),
        ("2GiB", 2 * 2**30),
        ("2gib", 2 * 2**30),
        (" 64 Mi ", 64 * MIB),
        ("3g", 3 * 10**9),
        ("1000", 1000),
        ("1000B", 1000),
    ],
)
def test_what_is_said_holds(monkeypatch: pytest.MonkeyPatch, text: str, size: int) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
    monkeypatch.setenv("JITPREP_MEMORY", text)
    assert available_memory.memory() == Limits().memory == size


@pytest.mark.parametrize("text", ["much", "-1", "0", "0MB", "1.5GB", "1TB", "1 2", "٣MB"])
def test_what_is_no_size_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("JITPREP_MEMORY", text)
    with pytest.raises(ValueError, match="JITPREP_MEMORY must be bytes, or a size"):
        available_memory.memory()


@pytest.mark.parametrize(
    ("files", "megabytes"),
    [("unlimited", 2048), ("version 2", 700 - 192), ("version 1", 900 - 192)],
)
def test_a_container_has_what_its_cgroup_has(
    monkeypatch: pytest.MonkeyPatch, files: str, megabytes: int
) -> None:
    monkeypatch.setattr(available_memory, "_read", lambda path: FILES[files].get(path, ""))
    assert available_memory.memory() == megabytes * MIB


@pytest.mark.parametrize(
    ("size", "workers", "megabytes"),
    [(1769, None, 1769 - 192), (256, None, 64), (128, None, 32), (2048, 4, 512 - 192)],
)
def test_a_function_has_its_share(
    monkeypatch: pytest.MonkeyPatch, size: int, workers: int | None, megabytes: int
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", str(size))
    if workers is not None:
        monkeypatch.setenv("AWS_LAMBDA_MAX_CONCURRENCY", str(workers))
    assert available_memory.memory() == megabytes * MIB


@pytest.mark.parametrize(("size", "megabytes"), [(3008, 700 - 192), (512, 512 - 192)])
def test_the_lesser_holds_of_what_lambda_and_a_container_give(
    monkeypatch: pytest.MonkeyPatch, size: int, megabytes: int
) -> None:
    """Lambda's emulator claims 3,008 MB in any container."""
    monkeypatch.setattr(available_memory, "_read", lambda path: FILES["version 2"].get(path, ""))
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", str(size))
    assert available_memory.memory() == megabytes * MIB


def test_24_megapixels_are_too_many_for_256_megabytes_and_89_are_not_for_1769() -> None:
    """By a PNG, which the function's default memory must hold, and the least must refuse."""
    from preprocessing import LimitExceeded, Pipeline

    from .support.peaks import _png

    p = Pipeline.parse("equalize/resize:224,224/npy")
    with pytest.raises(LimitExceeded, match="'decode' would hold"):
        p.plan(_png(4000, 6000, 3), limits=Limits(memory=64 * MIB))
    p.plan(_png(9450, 9450, 3), limits=Limits(memory=(1769 - 192) * MIB))


def test_a_wrong_size_is_said_as_the_library_is_loaded() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import preprocessing"],
        env={"JITPREP_MEMORY": "much"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("ValueError: JITPREP_MEMORY must be bytes")
