"""Where sources come from: the list of objects, a key or URL, and files of the person's own disk."""

from __future__ import annotations

import base64
import io
import time
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.photos import photo

from .workbench import Workbench

GRAY = "grayscale/resize:224,224/png"
LARGE = 100_000_000
# What a person's drop does, with a file that is made on the page.
_DROP = """
async ([name, size, base64]) => {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const rest = new Uint8Array(Math.max(0, size - bytes.length));
  const carried = new DataTransfer();
  carried.items.add(new File([bytes, rest], name, { type: "image/jpeg" }));
  const target = document.querySelector("#source-panel input[type=file]").parentElement;
  for (const kind of ["dragenter", "dragover", "drop"]) {
    const event = { dataTransfer: carried, bubbles: true, cancelable: true };
    target.dispatchEvent(new DragEvent(kind, event));
  }
}
"""
_FRAMES = """
() => {
  window.slowest = 0;
  let last = performance.now();
  const tick = (now) => { window.slowest = Math.max(window.slowest, now - last); last = now;
    requestAnimationFrame(tick); };
  requestAnimationFrame(tick);
}
"""


def test_an_object_is_picked_from_its_folder(bench: Workbench) -> None:
    bench.open(pipeline=GRAY)
    expect(bench.page.get_by_label("Place")).to_have_value(bench.served.place)
    objects = bench.page.get_by_role("list", name="Objects").get_by_role("button")
    objects.filter(has_text="photos").click()
    expect(objects).to_have_count(4)
    objects.filter(has_text="coffee.jpg").click()
    bench.settled(GRAY)
    assert bench.query()["key"] == "photos/coffee.jpg"
    expect(objects.filter(has_text="coffee.jpg")).to_have_attribute("aria-current", "true")


def test_objects_are_searched(bench: Workbench) -> None:
    bench.open()
    bench.page.get_by_label("Search", exact=True).fill("chelsea")
    objects = bench.page.get_by_role("list", name="Objects").get_by_role("button")
    expect(objects).to_have_count(1)
    expect(objects).to_contain_text("chelsea.jpg")


def test_a_key_is_pasted(bench: Workbench) -> None:
    bench.open(pipeline=GRAY)
    bench.page.get_by_label("Key or URL").fill("photos/coffee.jpg")
    bench.page.keyboard.press("Enter")
    bench.settled(GRAY)
    assert bench.query()["key"] == "photos/coffee.jpg"


@pytest.mark.parametrize(
    "outside", ["../", "../logs/play.out", "/etc/passwd", "file:///etc/passwd"]
)
def test_nothing_outside_the_places_is_read(bench: Workbench, outside: str) -> None:
    bench.watched.refusals |= {400, 403, 404}
    bench.open(pipeline="text/text")
    bench.page.get_by_label("Key or URL").fill(outside)
    bench.page.keyboard.press("Enter")
    expect(bench.alerts.first).to_be_visible()
    expect(bench.page.locator("body")).not_to_contain_text("root:")


def test_a_chosen_photograph_is_looked_at(bench: Workbench, tmp_path: Path) -> None:
    (tmp_path / "mine.jpg").write_bytes(photo("coffee"))
    bench.open(pipeline=GRAY)
    bench.page.get_by_label("Drop a file or choose one").set_input_files(tmp_path / "mine.jpg")
    bench.settled(GRAY)
    assert bench.query()["upload"]
    expect(bench.page.locator("#source-panel")).to_contain_text("mine.jpg")


def test_a_dropped_photograph_is_looked_at(bench: Workbench) -> None:
    bench.open(pipeline=GRAY)
    content = base64.b64encode(photo("coffee")).decode()
    bench.page.evaluate(_DROP, ["dropped.jpg", 0, content])
    bench.settled(GRAY)
    expect(bench.page.locator("#source-panel")).to_contain_text("dropped.jpg")


def test_a_reload_finds_the_upload_again(bench: Workbench, tmp_path: Path) -> None:
    (tmp_path / "mine.jpg").write_bytes(photo("coffee"))
    bench.open(pipeline=GRAY)
    bench.page.get_by_label("Drop a file or choose one").set_input_files(tmp_path / "mine.jpg")
    bench.settled(GRAY)
    bench.page.reload()
    bench.settled(GRAY)


@pytest.fixture(scope="session")
def large_picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BMP of 100 MB, 5,773 pixels square."""
    path = tmp_path_factory.mktemp("large") / "large.bmp"
    stream = io.BytesIO()
    Image.new("RGB", (5773, 5773), (40, 90, 160)).save(stream, "BMP")
    path.write_bytes(stream.getvalue())
    assert path.stat().st_size >= LARGE * 0.99
    return path


def test_a_dropped_file_of_100_mb_leaves_the_page_responsive(
    bench: Workbench, large_picture: Path
) -> None:
    """It is accepted, or refused with the library's sentence; the page answers meanwhile."""
    bench.watched.refusals |= {400, 413, 422}
    bench.open(pipeline="resize:64,64/png")
    bench.page.evaluate(_FRAMES)
    bench.page.get_by_label("Drop a file or choose one").set_input_files(large_picture)
    bench.text.fill("resize:65,65/png")
    bench.expect_steps("resize:65,65", "png")
    done = bench.alerts.first.or_(bench.page.locator("#status", has_text="ready"))
    expect(done.first).to_be_visible(timeout=30_000)
    assert bench.page.evaluate("window.slowest") < 2000
    assert bench.served.errors.read_text().count("Traceback") == 0


def test_an_upload_is_cancelled(bench: Workbench, large_picture: Path) -> None:
    bench.open(pipeline="resize:64,64/png")
    session = bench.page.context.new_cdp_session(bench.page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 5_000_000}
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", slow)
    began = time.monotonic()
    bench.page.get_by_label("Drop a file or choose one").set_input_files(large_picture)
    bench.page.locator("#source-panel").get_by_role("button", name="Cancel").click()
    expect(bench.page.locator("#source-panel").get_by_role("progressbar")).to_be_hidden()
    assert time.monotonic() - began < 10
    assert "upload" not in bench.query()
