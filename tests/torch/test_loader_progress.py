"""The loader's line of progress: on standard error, if asked for, by rich or tqdm, of rank 0 alone."""

from __future__ import annotations

import re
import subprocess
import sys
import threading

import pytest

from jitprep.reader.torch import Loader

LINE = re.compile(
    r"epoch (\d+) \S+ +(\d+)/(\d+) batches,? +([\d,]+) images/s, waited (\d+\.\d) s \((\d+)%\)"
)


@pytest.fixture(params=["rich", "tqdm"])
def library(request, monkeypatch) -> str:
    """The library that draws; rich is preferred."""
    if request.param == "tqdm":
        monkeypatch.setitem(sys.modules, "rich", None)
    return request.param


@pytest.mark.usefixtures("library")
def test_an_epoch_is_one_line(thumbnails, capsys):
    threads = threading.active_count()
    loader = Loader(thumbnails, batch_size=5, num_workers=0, progress=True)
    for epoch in (3, 4):
        loader.set_epoch(epoch)
        for _ in loader:
            assert threading.active_count() == threads
    said = capsys.readouterr()
    assert said.out == ""
    lines = said.err.removesuffix("\n").split("\n")
    assert [LINE.search(line)[1] for line in lines] == ["3", "4"], said.err
    assert all(LINE.search(line).group(2, 3) == ("3", "3") for line in lines)
    waited, share = map(float, LINE.search(lines[-1]).group(5, 6))
    assert waited == pytest.approx(loader.stats.waited_s, abs=0.1)
    assert share == pytest.approx(100 * loader.stats.waited_share, abs=1)


@pytest.mark.usefixtures("library")
def test_a_terminal_sees_each_batch(thumbnails, capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr("jitprep.reader.loading.progress._DRAWN_S", 0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    list(Loader(thumbnails, batch_size=5, num_workers=0, progress=True))
    said = capsys.readouterr().err
    assert [f"{done}/3" in said for done in (1, 2, 3)] == [True] * 3
    assert said.count("\n") == 1


@pytest.mark.usefixtures("library")
def test_the_rest_of_an_epoch_counts_from_its_place(thumbnails, capsys):
    loader = Loader(thumbnails, batch_size=4, num_workers=0)
    next(iter(loader))
    rest = Loader(thumbnails, batch_size=4, num_workers=0, progress=True)
    rest.load_state_dict(loader.state_dict())
    next(iter(rest))
    assert LINE.search(capsys.readouterr().err).group(2, 3) == ("2", "3")
    list(rest)
    assert LINE.search(capsys.readouterr().err).group(2, 3) == ("3", "3")


def test_only_rank_0_shows_it(thumbnails, capsys):
    list(Loader(thumbnails, batch_size=4, num_workers=0, progress=True, rank=1, world_size=2))
    list(Loader(thumbnails, batch_size=4, num_workers=0))
    assert capsys.readouterr().err == ""


def test_a_missing_library_is_named(thumbnails, monkeypatch):
    for name in ("rich", "tqdm"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ValueError, match="pip install rich"):
        Loader(thumbnails, batch_size=4, progress=True)
    Loader(thumbnails, batch_size=4)


def test_nothing_is_imported_unasked():
    """PyTorch itself imports tqdm, if it is there."""
    program = (
        "import sys, jitprep.reader.loading.progress; print({'rich', 'tqdm'} & sys.modules.keys()); "
        "import jitprep.reader.torch; print('rich' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\nFalse\n"
