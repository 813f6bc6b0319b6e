"""Write the pictures of the page of `jitprep play`: docs/pipelines/play. Run by ``make screenshots``.

They show the demo's photographs, sound, film and text. Times differ from run to run; nothing else does.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from jitprep.cli.demo_data.media import objects
from preprocessing import Pipeline
from tools.browsing import Playing, launch, playing

FOLDER = Path(__file__).parents[1] / "docs/pipelines/play"
MOST_BYTES = 150_000
_PIXELS = 1.5  # of the picture for one of the page, so that text is sharp on dense screens
_QUALITIES = (90, 84, 78, 70, 60)
_PATIENCE_MS = 30_000
_WIDE, _PHONE = (1280, 800), (390, 844)
_TRAIN = "random_resized_crop:224/random_horizontal_flip/color_jitter:0.4/normalize:imagenet/npy"
# The page shows where its objects are: the same in every run.
_ROOM = Path(tempfile.gettempdir(), "jitprep-play")


@dataclass(frozen=True)
class Shot:
    """One picture of the page.

    Parameters
    ----------
    name : str
        Of its file.
    state : mapping of str to str or int
        What is in the URL.
    ready : callable
        Waits until the page shows what the picture is of.
    size : tuple of int
        Width and height of the window, in CSS pixels.
    dark : bool
    """

    name: str
    state: Mapping[str, str | int]
    ready: Callable[[Page], None]
    size: tuple[int, int] = _WIDE
    dark: bool = False


def _all_canvases(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    expect(page.locator("[role=tabpanel]:not([hidden]) canvas").first).to_be_visible()


def _scrolled_to_the_result(page: Page) -> None:
    _all_canvases(page)
    page.get_by_role("link", name="Result", exact=True).click()


def _cost(page: Page) -> None:
    page.get_by_label("Training, ms per object").fill("1")
    page.get_by_role("button", name="Compute the cost").click()
    expect(page.get_by_role("tabpanel", name="Cost").get_by_role("table").first).to_be_visible()


def _sheet(page: Page) -> None:
    panel = page.get_by_role("tabpanel", name="Many")
    expect(panel.get_by_text(re.compile("objects, . failed"))).to_be_visible()


_PHOTO = {"key": "photos/chelsea.jpg", "prefix": "photos/"}
SHOTS = (
    Shot(
        "result",
        {**_PHOTO, "pipeline": "grayscale/resize:224,224/png"},
        _all_canvases,
        size=(1280, 680),
    ),
    Shot("stages", {**_PHOTO, "pipeline": _TRAIN, "seed": 3, "tab": "stages"}, _all_canvases),
    Shot("draws", {**_PHOTO, "pipeline": _TRAIN, "seed": 3, "tab": "draws"}, _all_canvases),
    Shot(
        "many",
        {
            "key": "many/coffee-0.jpg",
            "prefix": "many/",
            "pipeline": "resize:128/center_crop:128/unsharp_mask/jpeg",
            "tab": "sheet",
        },
        _sheet,
    ),
    Shot(
        "sound",
        {
            "key": "sound/bunny.wav",
            "prefix": "sound/",
            "pipeline": "mono/resample:16000/log_mel:whisper/npy",
        },
        _all_canvases,
    ),
    Shot("cost", {**_PHOTO, "pipeline": "resize:256/center_crop:224/npy", "tab": "cost"}, _cost),
    Shot(
        "dark",
        {
            "key": "photos/coffee.jpg",
            "prefix": "photos/",
            "pipeline": "letter_box:384,fill=114/rotate:20,fill=114/normalize:imagenet/npy",
            "boxes": "205,20,475,300",
        },
        _all_canvases,
        dark=True,
    ),
    Shot(
        "phone",
        {**_PHOTO, "pipeline": "resize:256/center_crop:224/adjust_contrast:1.4/webp"},
        _scrolled_to_the_result,
        size=_PHONE,
    ),
)


def main() -> None:
    """Write every picture."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=_PATIENCE_MS)
    with _played() as served, sync_playwright() as driver:
        browser = launch(driver, "--font-render-hinting=none", "--force-color-profile=srgb")
        for shot in SHOTS:
            body = _compressed(_taken(browser, served, shot))
            (FOLDER / f"{shot.name}.webp").write_bytes(body)
            print(f"{shot.name}.webp: {len(body):,} bytes")
        browser.close()


@contextmanager
def _played() -> Iterator[Playing]:
    """Serve the demo's objects."""
    folder = _ROOM / "demo"
    try:
        for key, body in _objects().items():
            (folder / key).parent.mkdir(parents=True, exist_ok=True)
            (folder / key).write_bytes(body)
        with playing(folder, _ROOM) as served:
            yield served
    finally:
        shutil.rmtree(_ROOM, ignore_errors=True)


def _objects() -> Mapping[str, bytes]:
    folders = {"image": "photos", "audio": "sound", "video": "film", "text": "text"}
    found = {
        f"{folders[kind]}/{key}": body
        for kind, of_kind in objects().items()
        for key, body in of_kind.items()
    }
    photos = {key.split("/")[1]: body for key, body in found.items() if key.startswith("photos/")}
    for number, (top, left) in enumerate(((0, 0), (100, 0), (0, 100), (100, 100))):
        cut = Pipeline.parse(f"crop:{top},{left},200,200/jpeg")
        for key, body in photos.items():
            found[f"many/{Path(key).stem}-{number}.jpg"] = bytes(cut.encode(body).body)
    found["many/coffee-2.jpg"] = found["many/coffee-2.jpg"][:1500]
    found["many/rocket-1.jpg"] = b"<html>404: not found</html>"
    return found


def _taken(browser: Browser, served: Playing, shot: Shot) -> bytes:
    width, height = shot.size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=_PIXELS,
        color_scheme="dark" if shot.dark else "light",
        reduced_motion="reduce",
    )
    context.set_default_timeout(_PATIENCE_MS)
    page = context.new_page()
    context.request.get(served.printed)
    page.goto(served.address(place=served.place, **shot.state))
    expect(page.locator("#status")).not_to_have_text("")
    shot.ready(page)
    page.wait_for_load_state("networkidle")
    picture = page.screenshot(animations="disabled", caret="hide")
    context.close()
    return picture


def _compressed(png: bytes) -> bytes:
    """Return a WebP of the best quality that is small enough."""
    with Image.open(BytesIO(png)) as picture:
        for quality in _QUALITIES:
            stream = BytesIO()
            picture.convert("RGB").save(stream, "WEBP", quality=quality, method=6)
            if stream.tell() <= MOST_BYTES:
                return stream.getvalue()
    raise ValueError(f"the picture is larger than {MOST_BYTES:,} bytes at any quality")


if __name__ == "__main__":
    main()
