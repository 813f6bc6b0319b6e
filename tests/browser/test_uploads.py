"""Files from the person's own disk: chosen, dropped, and too large."""

from __future__ import annotations

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


def test_a_chosen_photograph_is_looked_at(bench: Workbench, tmp_path: Path) -> None:
    (tmp_path / "mine.jpg").write_bytes(photo("coffee"))
    bench.open(pipeline=GRAY)
    bench.page.get_by_label("Drop a file or choose one").set_input_files(tmp_path / "mine.jpg")
    bench.settled(GRAY)
    assert bench.query()["upload"]
    expect(bench.page.locator("#source-panel")).to_contain_text("mine.jpg")


def test_a_dropped_photograph_is_looked_at(bench: Workbench) -> None:
    import base64

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
    assert bench.page.evaluate("window.slowest") < 1000
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
