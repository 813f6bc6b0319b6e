"""The contact sheet: a row for each object as it is ready, failures included, until it is cancelled."""

from __future__ import annotations

import threading
import time

import pytest

from jitprep.playground.answers import sheet
from preprocessing import Pipeline
from preprocessing.cancellation import Cancelled, Signal, cancellable
from tests.media import objects
from tests.photos import NAMES, photo

from ..browser import Browser
from ..material import playground


@pytest.fixture
def folder(tmp_path):
    for name in NAMES:
        (tmp_path / f"{name}.jpg").write_bytes(photo(name))
    (tmp_path / "broken.jpg").write_bytes(photo("rocket")[:5000])
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "<i>page<i>.jpg").write_bytes(b"<html>not found</html>")
    return tmp_path


def asked(**given):
    return {"place": "photos", "pipeline": "resize:64,64/npy", **given}


def test_each_object_has_a_row_and_failures_say_why(folder):
    first, *rows, last = Browser(playground(folder)).rows("sheet", asked())
    assert first == {"total": len(NAMES) + 3}
    assert last == {"done": True, "cut": False}
    by_key = {row["key"]: row for row in rows}
    assert len(by_key) == len(rows) == len(NAMES) + 3
    codes = {key: row["error"]["code"] for key, row in by_key.items() if row["error"]}
    assert codes == {
        "broken.jpg": "CorruptObject",
        "empty.jpg": "EmptyObject",
        "<i>page<i>.jpg": "UnknownFormat",
    }
    assert "0 bytes" in by_key["empty.jpg"]["error"]["message"]


def test_a_row_says_what_a_read_returns(folder):
    made = playground(folder)
    rows = Browser(made).rows("sheet", asked(search="rocket"))[1:-1]
    (row,) = rows
    body = Pipeline.parse("resize:64,64/npy").encode(photo("rocket")).body
    assert (row["nbytes"], row["result_nbytes"]) == (len(photo("rocket")), len(body))
    assert row["ms"] > 0
    assert row["frame"]["width"] == row["frame"]["height"] == 64
    assert 0 <= row["difference"] < 10
    picture = made.desk.get(row["frame"]["asset"])
    assert len(picture.body) == 64 * 64 * 4


def test_what_looks_like_something_else_differs(folder):
    def differs(pipeline):
        return Browser(playground(folder)).rows("sheet", asked(pipeline=pipeline, search="coffee"))[
            1
        ]["difference"]

    assert differs("resize:64,64/npy") < differs("center_crop:64/npy")


def test_pictures_are_small(folder):
    made = playground(folder)
    for row in Browser(made).rows("sheet", asked(pipeline="npy"))[1:-1]:
        if row["frame"]:
            asset = made.desk.get(row["frame"]["asset"])
            assert max(asset.width, asset.height) <= 96
            assert row["frame"]["scale"] == pytest.approx(asset.width / row["frame"]["width"])


@pytest.mark.parametrize(
    ("prefix", "pipeline", "seen"),
    [
        ("sound/", "mono/resample:16000/pad_or_trim:2/log_mel:whisper/npy", True),
        ("text/", "strip_html/text", False),
        ("video/", "sample_frames:4/resize:32,32/npy", True),
        ("", "image:skip/resize:8,8/npy", None),
    ],
)
def test_every_kind_has_rows(tmp_path, prefix, pipeline, seen):
    for key, body in objects().items():
        (tmp_path / key).parent.mkdir(exist_ok=True)
        (tmp_path / key).write_bytes(body)
    wanted = asked(pipeline=pipeline, prefix=prefix)
    rows = Browser(playground(tmp_path)).rows("sheet", wanted)[1:-1]
    assert {row["key"] for row in rows} == {key for key in objects() if key.startswith(prefix)}
    for row in rows:
        assert row["error"] is None
        assert row["result_nbytes"] > 0
        assert seen is None or (row["frame"] is not None) == seen


def test_more_objects_than_are_asked_for_are_said(folder):
    first, *rows, last = Browser(playground(folder)).rows("sheet", asked(most=2))
    assert (first, len(rows), last) == ({"total": 2}, 2, {"done": True, "cut": True})


@pytest.mark.parametrize("wrong", [{"most": 201}, {"most": 0}, {"seed": -1}, {"place": "nope"}])
def test_a_wrong_question_is_refused(folder, wrong):
    (row,) = Browser(playground(folder)).rows("sheet", asked(**wrong))
    assert row["error"]["code"] == "InvalidRequest"


def test_a_wrong_pipeline_is_said_once(folder):
    (row,) = Browser(playground(folder)).rows("sheet", asked(pipeline="resise:64/npy"))
    assert "resize" in row["error"]["message"]


@pytest.fixture
def large(tmp_path):
    """Objects that take much longer than a second in all."""
    for number in range(200):
        (tmp_path / f"{number:03}.jpg").write_bytes(photo("retina"))
    return asked(pipeline="resize:1500,1500/npy")


def sheet_threads():
    return [each for each in threading.enumerate() if each.name.startswith("sheet")]


def require_idle_soon():
    end = time.monotonic() + 10
    while sheet_threads() and time.monotonic() < end:
        time.sleep(0.01)
    assert sheet_threads() == []


def test_closing_stops_all_work(tmp_path, large):
    rows = sheet.answer(playground(tmp_path), large)
    assert next(rows) == {"total": 200}
    next(rows)
    rows.close()
    require_idle_soon()


def test_cancelling_stops_all_work(tmp_path, large):
    signal, rows = Signal(), sheet.answer(playground(tmp_path), large)
    next(rows)
    threading.Timer(0.3, signal.cancel).start()
    with cancellable(signal), pytest.raises(Cancelled):
        list(rows)
    require_idle_soon()


def test_sheets_at_once_do_not_wait_for_each_other(folder):
    """More of them than the application has threads to compute in."""
    client, done = Browser(playground(folder)), []

    def ask():
        done.append(client.rows("sheet", asked())[-1])

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    assert done == [{"done": True, "cut": False}] * 4
